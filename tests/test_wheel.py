"""The wheel, installed elsewhere, holds the course and runs it."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from tests.conftest import environment

ROOT = Path(__file__).parent.parent


def test_the_wheel_runs_a_lesson_from_another_folder(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 2 * 2**20
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", wheel], check=True, capture_output=True)
    # Its dependencies are the ones we have: the new place finds them after its own.
    site = next((tmp_path / "venv").glob("lib/*/site-packages"))
    (site / "ours.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    seelearn = tmp_path / "venv" / "bin" / "seelearn"
    where = subprocess.run(
        [python, "-c", "import seelearn; print(seelearn.__file__)"],
        cwd=elsewhere,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert where.startswith(str(tmp_path))
    said = subprocess.run(
        [seelearn, "run", "batch_normalization", "--epochs", "1", "--json"],
        cwd=elsewhere, env=environment(), check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert json.loads(said)["status"] == "finished"
    assert (elsewhere / "runs" / "batch_normalization-1" / "report.html").exists()
