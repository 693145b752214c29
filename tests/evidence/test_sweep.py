"""Sweeps: what an axis may be, and what a grid of cells gives."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import make_job
from seelearn.engine.pool import make_pool
from seelearn.errors import UserError
from seelearn.evidence.sweep import Table, read_axes, sweep
from tests.conftest import SEELEARN, environment

STACKED = '''
"""With `measure`: cells come as columns, and every call is noted."""

import json, os
import numpy as np
from seelearn.claims import Trial

CONDITIONS = {}

def measure(seeds, n, slope, word):
    with open(os.environ["CALLS"], "a") as file:
        print(json.dumps([seeds, n, slope, word]), file=file)
    slopes = slope if isinstance(slope, list) else [slope] * len(seeds)
    words = word if isinstance(word, list) else [word] * len(seeds)
    for seed, one, said in zip(seeds, slopes, words, strict=True):
        end = float("nan") if said == "b" and seed == 0 else one * n + seed
        yield Trial(seed, {"loss": {"a": np.linspace(0, end, n + 1)}})
'''
RUN = """
from typing import Annotated, Literal
from seelearn.show import Range, Show

def run(
    show: Show,
    n: Annotated[int, Range(1, 9)] = 3,
    slope: Annotated[float, Range(-1, 1)] = 0.5,
    word: Literal["a", "b"] = "a",
) -> None:
    for step in show.steps(n):
        show.line("loss", "a", slope * step)
"""


@pytest.fixture
def swept(trial: Callable[[str], Lesson], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """A lesson with a whole number, a number and a word for parameters, which trains many seeds at once."""
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    lesson = trial("pass")
    lesson.file("torch").write_text(RUN, encoding="utf-8")
    lesson.claims.write_text(STACKED, encoding="utf-8")
    return lesson


def axes(lesson: Lesson, *given: str) -> dict[str, list[int | float | str]]:
    return read_axes(given, lesson.parameters("torch"))


def run(lesson: Lesson, folder: Path, seeds: int, *given: str, ray: str | None = None) -> tuple[Table, str]:
    pool = make_pool(lesson, "torch", folder, ray)
    return sweep(lesson, "torch", axes(lesson, *given), seeds, pool, lambda done, total: None)


def test_an_axis_is_a_list_or_an_interval(swept: Lesson) -> None:
    assert axes(swept, "word=a,b", "slope=-0.5:0.5:5") == {"word": ["a", "b"], "slope": [-0.5, -0.25, 0.0, 0.25, 0.5]}
    assert axes(swept, "n=1:4:4") == {"n": [1, 2, 3, 4]}
    assert axes(swept, "n=1:3:9") == {"n": [1, 2, 3]}, "no value twice"
    assert axes(swept, "slope=0.1") == {"slope": [0.1]}
    assert 0.0 in axes(swept, "slope=-0.1:0.1:7")["slope"], "the middle is 0, not nearly 0"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "nothing to sweep: try --set n="),
        (["slope=0.5:-0.5:3"], "is empty: LOW must be below HIGH"),
        (["slope=0:1:1"], "is empty"),
        (["n=1:inf:3"], "does not end: it takes a whole number from 1 to 9"),
        (["slope=0:1:1000000000"], "1,000,000,000 values, but at most 1,000"),
        (["slope=0:1"], "is no interval: write LOW:HIGH:COUNT"),
        (["slope="], "slope has no values: it takes a number from -1 to 1"),
        (["slope"], "slope has no values"),
        (["slope=0:2:3"], "slope is '2.0', but must be a number from -1 to 1"),
        (["sloap=1"], "did you mean slope"),
        (["word=c"], "must be one of a, b"),
        (["n=1", "n=2"], "n is set twice"),
        (["slope=-1:1:400", "n=1:9:9"], "400 × 9 = 3,600 cells, but at most 1,000"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(swept: Lesson, given: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        axes(swept, *given)


def test_numbers_and_words_are_swept_in_one_call(swept: Lesson, tmp_path: Path) -> None:
    table, text = run(swept, tmp_path / "kept", 3, "word=a,b", "slope=-1,0,1")
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    assert len(calls) == 1
    assert calls[0][0] == [0] * 6 + [1] * 6 + [2] * 6, "a seed's cells stand side by side, to share its data"
    found = {(c["cell"]["word"], c["cell"]["slope"]): c for c in table["cells"]}
    assert len(found) == 6
    assert [found["a", slope]["mid"] for slope in (-1, 0, 1)] == [-2, 1, 4]  # slope × 3 + the middle seed
    assert (found["a", 1]["low"], found["a", 1]["high"], found["a", 1]["seeds"]) == (3, 5, 3)
    assert (found["b", 1]["nan"], found["b", 1]["high"]) == (1, None), "counted, and larger than any other"
    assert table["parameters"] == {"n": 3}
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 18
    assert {"word": "b", "slope": "1", "chart": "loss", "series": "a", "seed": "0", "last": ""} in rows
    assert {"word": "b", "slope": "1", "chart": "loss", "series": "a", "seed": "2", "last": "5.0"} in rows


def test_whole_numbers_are_swept_one_after_the_other(swept: Lesson, tmp_path: Path) -> None:
    table, _ = run(swept, tmp_path / "kept", 2, "n=2,4", "slope=0,1")
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    assert sorted((call[1], call[2]) for call in calls) == [(2, [0, 1, 0, 1]), (4, [0, 1, 0, 1])]
    assert [(c["cell"], c["mid"]) for c in table["cells"]] == [
        ({"n": 2, "slope": 0.0}, 0.0),
        ({"n": 2, "slope": 1.0}, 2.0),
        ({"n": 4, "slope": 0.0}, 0.0),
        ({"n": 4, "slope": 1.0}, 4.0),
    ]


def test_a_lesson_that_cannot_be_stacked_is_swept_in_workers(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    lesson = trial("pass")
    table, _ = run(lesson, tmp_path / "kept", 3, "n=1,3")
    assert [(c["cell"], c["mid"], c["seeds"]) for c in table["cells"]] == [({"n": 1}, 0.5, 3), ({"n": 3}, 0.25, 3)]


def test_the_command_writes_a_table_a_picture_and_the_lessons_map(swept: Lesson, tmp_path: Path) -> None:
    command = [*SEELEARN, "--lessons", str(swept.folder.parent), "sweep", "trial", "--set", "slope=0,1"]
    command += ["--set", "word=a,b", "--seeds", "4", "--map"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
    folder = tmp_path / "runs" / "trial-sweep-1"
    assert json.loads((folder / "sweep.json").read_text(encoding="utf-8")) == json.loads(
        swept.map.read_text(encoding="utf-8")
    )
    assert "slope=1  word=b  loss[a]  median" in done.stdout
    assert (folder / "sweep.csv").read_text(encoding="utf-8").count("\n") == 17
    for name in ("sweep.json", "sweep.csv", "sweep.html", "sweep.png"):
        assert str(Path("runs", "trial-sweep-1", name)) in done.stdout
    with Image.open(folder / "sweep.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").quantize(64).convert("RGB").getcolors() or []}
        assert picture.width > 300
        assert len(colours) > 5, "cells of several colours"
    page = (folder / "sweep.html").read_text(encoding="utf-8")
    assert "Each cell is the median of 4 seeds after training: Loss." in page
    assert "seelearn sweep trial --set slope=0,1 --set word=a,b --seeds 4" in page


def test_what_other_commands_have_measured_is_kept(swept: Lesson, tmp_path: Path) -> None:
    pool = make_pool(swept, "torch", tmp_path / "kept", None)
    other = make_pool(swept, "torch", tmp_path / "kept", None)
    list(other.run([make_job(swept, "torch", {"seed": 5, "seeds": 2})]))
    sweep(swept, "torch", axes(swept, "slope=0,1"), 2, pool, lambda done, total: None)
    pool.forget()
    assert len(list((tmp_path / "kept").iterdir())) == 1
    other.forget()
    assert not (tmp_path / "kept").exists()
