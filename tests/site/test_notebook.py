"""The notebook of a lesson: what it says, that it runs, and that it gives what the lesson gives."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from fastapi.testclient import TestClient
from nbclient import NotebookClient
from tests.conftest import record, write_lesson
from tests.site.conftest import FLAGSHIP

from seelearn.engine.catalogue import Lesson
from seelearn.engine.parameters import Value
from seelearn.labels import sentence
from seelearn.site.notebook import notebook


def cells(lesson: Lesson, language: str = "en") -> list[Any]:
    read = nbformat.reads(notebook(lesson, "torch", language), 4)
    nbformat.validate(read)
    return list(read.cells)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_holds_the_prose_and_all_of_the_code(lesson: Lesson, language: str) -> None:
    made = cells(lesson, language)
    assert made[0].source.startswith(f"# {lesson.title(language)}\n")
    prose = "\n".join(cell.source for cell in made if cell.cell_type == "markdown")
    for leftover in ("{{", "{#", "](?", "](#"):
        assert leftover not in prose
    assert {"zh": "## 怎样读这张图", "en": "## How to read the grid"}[language] in prose
    assert "~~" in prose, "a refuted claim is struck out"
    assert "(`activation='relu'`, `bias=-0.05`)" in prose
    code = "\n".join(cell.source for cell in made if cell.cell_type == "code")
    source = lesson.file("torch").read_text(encoding="utf-8")
    body = source[source.index("from typing") : source.index("if __name__")]
    assert [line for line in body.splitlines() if line and line not in code] == []
    assert "__name__" not in code


def test_it_is_the_same_every_time(lesson: Lesson) -> None:
    assert notebook(lesson, "torch", "en") == notebook(lesson, "torch", "en")


def test_chinese_lines_join_without_a_space(tmp_path: Path) -> None:
    lesson = write_lesson(tmp_path, "trial", "pass")
    lesson.prose("zh").write_text("一行\n一行。\n- 一项\n\n{{ lab }}\n\n{{ code run }}\n", encoding="utf-8")
    assert cells(lesson, "zh")[2].source == "一行一行。\n- 一项"


def test_it_runs_and_says_and_draws_what_the_lesson_does(lesson: Lesson, tmp_path: Path) -> None:
    given: dict[str, Value] = {"epochs": 2, "activation": "relu", "seed": 0}
    text = (
        notebook(lesson, "torch", "en")
        .replace("epochs=12", "epochs=2")
        .replace("activation='tanh'", "activation='relu'")
    )
    read = nbformat.reads(text, 4)
    NotebookClient(read, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = read.cells[-1].outputs
    said = "".join(output.text for output in outputs if output.output_type == "stream")
    notes = [event for event in record(lesson, given, tmp_path / "run").events if event["kind"] == "note"]
    assert said.splitlines() == [sentence(lesson.labels, note, "en") for note in notes]
    drawn = [output.data["text/html"] for output in outputs if output.output_type == "display_data"]
    assert len(drawn) == len(lesson.labels["charts"])
    for page, (key, chart) in zip(drawn, lesson.labels["charts"].items(), strict=True):
        assert json.dumps(chart["title"]["en"]) in page
        assert ('"input": "range"' in page) == (key not in ("data", "activations"))


def test_the_page_offers_the_script_and_the_notebook(client: TestClient, lesson: Lesson) -> None:
    assert client.get(f"{FLAGSHIP}/with_torch.py").content == lesson.file("torch").read_bytes()
    answer = client.get("/zh/lessons/batch_normalization/torch.ipynb")
    assert answer.headers["content-type"] == "application/x-ipynb+json"
    assert answer.text == notebook(lesson, "torch", "zh")
    page = client.get("/zh/lessons/batch_normalization").text
    assert 'href="/zh/lessons/batch_normalization/torch.ipynb" download="batch_normalization-torch.ipynb"' in page
    assert 'href="/zh/lessons/batch_normalization/with_torch.py" download' in page
    for path in (f"{FLAGSHIP}/with_keras.py", f"{FLAGSHIP}/keras.ipynb", f"{FLAGSHIP}/with_..%2Fx.py"):
        assert client.get(path).status_code == 404
