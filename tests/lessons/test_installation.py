"""Environments in which something is missing or broken: each place names it, and the one command that mends it."""

import json
import subprocess
import sysconfig
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import files, version
from pathlib import Path

import httpx2
import pytest
from tests.conftest import COURSE, environment, free_port, record

from seelearn.engine.module import load_module

LESSON = COURSE.lesson("installation")
COMMAND = "pip install 'seelearn[torch]'"
PAGE = "/en/lessons/installation"

Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return a function that builds an environment like ours without these packages, and returns its Python."""

    def make(*absent: str) -> Path:
        hidden = {file.parts[0] for package in absent for file in files(package) or []}
        venv.create(tmp_path / "venv", symlinks=True)
        (site,) = (tmp_path / "venv").glob("lib/*/site-packages")
        for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
            if entry.name not in hidden:
                (site / entry.name).symlink_to(entry)
        return tmp_path / "venv" / "bin" / "python"

    return make


def seelearn(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "seelearn", *arguments],
        cwd=python.parents[2], env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


@contextmanager
def served(python: Path) -> Iterator[httpx2.Client]:
    """Serve the course from this environment."""
    port = free_port()
    command = [str(python), "-m", "seelearn", "serve", "--port", str(port), "--workers", "1"]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=python.parents[2], env=environment(), stdout=quiet, stderr=quiet)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                with suppress(httpx2.ConnectError):
                    client.get("/robots.txt")
                    break
                time.sleep(0.2)
            yield client
    finally:
        server.terminate()
        server.wait()


def test_without_torch_each_place_names_it_and_the_one_command(build: Build) -> None:
    python = build("torch")
    doctor = seelearn(python, "doctor")
    assert doctor.returncode == 1
    assert "missing  torch\n" in doctor.stdout
    assert doctor.stdout.endswith(f"To mend it:\n  {COMMAND}\n")

    run = seelearn(python, "run", "installation")
    assert run.returncode == 2
    assert run.stderr == f"seelearn: this lesson needs PyTorch, which is not installed: {COMMAND}\n"
    assert not (python.parents[2] / "runs").exists()

    with served(python) as client:
        for language, said in (("en", "This lesson needs PyTorch"), ("zh", "这一课要用 PyTorch")):
            page = client.get(f"/{language}/lessons/installation")
            assert page.status_code == 200, "it can still be read"
            assert said in page.text
            assert "pip install &#39;seelearn[torch]&#39;" in page.text
            pressed = client.post(f"/{language}/lessons/installation/runs", json={})
            assert pressed.status_code == 400
            assert said in pressed.json()["error"]
            assert COMMAND in pressed.json()["error"]
        assert "not installed" not in client.get("/en/lessons/frameworks/numpy").text

    whole = seelearn(python, "run", "frameworks", "--framework", "numpy", "--epochs", "1")
    assert whole.returncode == 0, whole.stderr


def test_without_scikit_learn_the_table_and_a_lesson_that_needs_it_name_the_command(build: Build) -> None:
    python = build("scikit-learn")
    doctor = seelearn(python, "doctor")
    assert doctor.returncode == 1
    assert "missing  scikit-learn\n" in doctor.stdout
    assert "To mend it:\n  pip install 'seelearn[" in doctor.stdout

    code = "import json, sys; from pathlib import Path; from seelearn.engine.module import load_module; "
    code += "print(json.dumps(load_module(Path(sys.argv[1])).examine()))"
    asked = [str(python), "-c", code, str(LESSON.file("torch"))]
    table = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    assert table["scikit-learn"] == ["missing", COMMAND]
    assert table["torch"] == [version("torch"), ""]

    needing = seelearn(python, "run", "optimizers", "--epochs", "1")
    assert needing.returncode == 1
    assert "No module named 'sklearn'" in needing.stderr
    assert COMMAND in needing.stderr


def test_a_torch_that_cannot_be_loaded_is_said_to_be_broken_and_how_to_mend_it(build: Build) -> None:
    python = build("torch")
    (site,) = (python.parents[1]).glob("lib/*/site-packages")
    (site / "torch").mkdir()
    (site / "torch" / "__init__.py").write_text("raise ImportError('libtorch_cpu.so: cannot open shared object file')")
    (site / f"torch-{version('torch')}.dist-info").mkdir()
    (site / f"torch-{version('torch')}.dist-info" / "METADATA").write_text(f"Name: torch\nVersion: {version('torch')}")

    doctor = seelearn(python, "doctor")
    assert doctor.returncode == 1
    assert "broken   PyTorch is installed but cannot be loaded (ImportError: libtorch_cpu.so" in doctor.stdout
    assert doctor.stdout.endswith("To mend it:\n  pip install --force-reinstall torch\n")

    run = seelearn(python, "run", "installation")
    assert run.returncode == 1
    assert "PyTorch is installed but cannot be loaded (ImportError: libtorch_cpu.so" in run.stderr
    assert "pip install --force-reinstall torch" in run.stderr
    assert "Traceback" not in run.stderr

    with served(python) as client:
        address = client.post(f"{PAGE}/runs", json={}).json()["run"]
        ending = client.get(f"{address}/events").text.split("event: end")[1]
        assert "cannot be loaded (ImportError: libtorch_cpu.so" in ending
        assert "pip install --force-reinstall torch" in ending


def test_the_same_seed_paints_the_same_heart_twice(tmp_path: Path) -> None:
    events = record(LESSON, {"epochs": 3, "seed": 8}, tmp_path / "run").events
    drawn = {
        name: [e["url"] for e in events if e["kind"] == "image" and e["series"] == name]
        for name in ("first", "again", "next")
    }
    assert len(drawn["first"]) == 4
    assert len(set(drawn["first"])) == 4, "it moves"
    assert drawn["first"] == drawn["again"]
    assert not set(drawn["first"]) & set(drawn["next"])


def test_the_heart_has_two_equal_halves_a_notch_and_a_point() -> None:
    code = vars(load_module(LESSON.file("torch")))
    _, y = code["heart"]()
    rows = y.reshape(code["SIDE"], code["SIDE"])
    assert bool((rows == rows.flip(1)).all())
    pieces = [int((row.diff() == 1).sum()) for row in rows if row.any()]
    assert pieces[0] == 2
    assert pieces[-1] == 1
    assert set(pieces) == {1, 2}
