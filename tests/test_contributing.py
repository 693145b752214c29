"""CONTRIBUTING.md says how to add a lesson: its own files, written and run as it says."""

import re
import subprocess
from pathlib import Path

from fastapi.testclient import TestClient

from seelearn.engine.catalogue import Catalogue
from seelearn.site.app import create_app
from tests.conftest import SEELEARN, environment

GUIDE = Path(__file__).parent.parent / "CONTRIBUTING.md"


def test_the_lesson_of_the_guide_works(tmp_path: Path) -> None:
    folder = tmp_path / "my-course" / "first_line"
    folder.mkdir(parents=True)
    files = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.S | re.M)
    assert {name for name, _ in files} == {"with_torch.py", "lesson.toml", "en.md", "zh.md", "claims.py"}
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
    pattern = r"^seelearn (--lessons my-course (?:run|verify) .*)$"
    commands = re.findall(pattern, GUIDE.read_text(encoding="utf-8"), re.M)
    result, verified = [
        subprocess.run(
            [*SEELEARN, *command.split()], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
        )
        for command in commands
    ]
    assert result.returncode == 0, result.stderr
    assert verified.returncode == 0, verified.stderr
    assert "holds      finds_the_slope.gentle" in verified.stdout
    assert "refuted    finds_the_slope.timid" in verified.stdout
    found = re.search(r"It found slope ([\d.]+) and offset ([\d.]+)\.", result.stdout)
    assert found is not None
    assert abs(float(found[1]) - 2) < 0.2
    assert abs(float(found[2]) - 1) < 0.1
    assert (tmp_path / "runs" / "first_line-1" / "fit.png").exists()
    app = create_app(Catalogue(tmp_path / "my-course"), tmp_path / "site")
    with TestClient(app, base_url="http://127.0.0.1") as client:
        for language, title in (("zh", "第一条直线"), ("en", "A first line")):
            assert title in client.get(f"/{language}/courses/lessons").text
            page = client.get(f"/{language}/lessons/first_line").text
            assert title in page
            assert "<s>" in page, "the refuted sentence is struck out"
