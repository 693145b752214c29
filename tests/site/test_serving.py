"""Opening the site to others: only on purpose."""

import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.conftest import SEELEARN, environment, free_port, write_lesson

SECRET = {"SEELEARN_SECRET": "not a secret to keep"}


def serve(place: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    without = {
        name: value for name, value in environment(**variables).items() if name in variables or "SEELEARN" not in name
    }
    command = [*SEELEARN, "--lessons", "course", "serve", *options]
    return subprocess.run(command, cwd=place, env=without, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_lesson(tmp_path / "course", "trial", "pass")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (["--host", "0.0.0.0"], SECRET, "say under which name with --allow"),
        (["--host", "0.0.0.0", "--allow", "course.example.org"], {}, "set SEELEARN_SECRET"),
        (["--host", "0.0.0.0", "--allow", "course.example.org"], {"SEELEARN_SECRET": "short"}, "12 or more"),
        (["--host", "::", "--allow", "course.example.org"], {}, "set SEELEARN_SECRET"),
        (["--host", "everybody"], SECRET, "must be an address of this machine"),
        (["--workers", "0"], {}, "workers is '0', but must be a whole number from 1 to 64: try 2"),
        (["--keep", "-1"], {}, "keep is '-1'"),
        (["--ray", "127.0.0.1:1"], {}, "no Ray cluster at '127.0.0.1:1'"),
        (["--ray", "local"], {}, "`ray start --head` starts one, then give --ray auto"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_served(
    place: Path, options: list[str], variables: dict[str, str], said: str
) -> None:
    result = serve(place, *options, **variables)
    assert result.returncode == 2
    assert said in result.stderr
    assert "http://" not in result.stdout


def test_opened_on_purpose_it_warns_and_answers_to_its_names_only(place: Path) -> None:
    port = free_port()
    command = [*SEELEARN, "--lessons", "course", "serve", "--host", "0.0.0.0", "--allow", "course.example.org"]
    process = subprocess.Popen(
        [*command, "--port", str(port)], cwd=place, env={**os.environ, **SECRET},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith(f"seelearn: http://0.0.0.0:{port}/")

    def status(host: str) -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/en/", headers={"Host": host})
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    assert [status(host) for host in ("course.example.org", "localhost", "evil.example.org")] == [200, 200, 400]
    process.terminate()
    _, warning = process.communicate(timeout=20)
    assert "whoever can reach 0.0.0.0 can now run this course's lessons" in warning
