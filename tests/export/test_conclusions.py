"""What many seeds say of a run, and what they say when they are measured themselves."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import job_of, record
from tests.measured import condition, evidence, write_course

from seelearn.engine.catalogue import Lesson
from seelearn.engine.recording import End, Recording
from seelearn.events import Event
from seelearn.export.conclusions import conclusions, under
from seelearn.export.pictures import picture
from seelearn.export.report import report, sentences


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return write_course(tmp_path / "course")


def run(*values: float | None) -> list[Event]:
    """Return the events of a run whose curve has these values."""
    return [
        {"kind": "line", "chart": "loss", "series": "a", "y": y, "step": step, "t": 0.0}
        for step, y in enumerate(values)
    ]


def said(lesson: Lesson, value: float | None, language: str = "en", **given: Any) -> list[str]:
    return conclusions(run(3.0, value), job_of(lesson, given), lesson, language, finished=True)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (0.5, "0.5 is lower than in all 1,024 seeds"),
        (1.0, "1 is lower than in 99% of 1,024 seeds"),
        (1.0381, "1.038 is lower than in 61% of 1,024 seeds"),
        (1.0619, "1.062 is higher than in 61% of 1,024 seeds"),
        (1.1, "1.1 is higher than in 99% of 1,024 seeds"),
        (7.0, "7 is higher than in all 1,024 seeds"),
        (None, "not a number at the end, as in 0 of 1,024 seeds"),
    ],
)
def test_a_run_is_told_where_it_stands(lesson: Lesson, value: float | None, place: str) -> None:
    (sentence,) = said(lesson, value)
    assert sentence == f"Loss, A: {place} (the middle 80%: 0.6 to NaN)."


def test_chinese(lesson: Lesson) -> None:
    assert said(lesson, 1.0381, "zh") == ["误差（甲）：1.038，在 1024 个种子里比 61% 的都低（中间八成：0.6 到 NaN）。"]
    assert said(lesson, 7.0, "zh") == ["误差（甲）：7，比全部 1024 个种子都高（中间八成：0.6 到 NaN）。"]


def test_seeds_that_are_not_numbers_are_larger_than_all(lesson: Lesson) -> None:
    change(lesson, last=[*([1.0] * 50), *([None] * 51)], nan=500)
    assert "2 is lower than in 50% of" in said(lesson, 2.0)[0]
    assert "as in 500 of 1,024" in said(lesson, None)[0]


def test_all_seeds_alike(lesson: Lesson) -> None:
    change(lesson, last=[1.0] * 101, nan=0)
    assert said(lesson, 1.0) == ["Loss, A: 1, the same as in all 1,024 seeds."]


def change(lesson: Lesson, last: list[float | None], nan: int) -> None:
    content = json.loads(lesson.evidence.read_text())
    content["conditions"]["calm"] |= {"last": {"loss": {"a": last}}, "nan": {"loss": {"a": nan}}}
    lesson.evidence.write_text(json.dumps(content))


def test_only_what_was_measured_the_same_way_is_compared(lesson: Lesson) -> None:
    assert said(lesson, 1.0, kind="wild")
    assert said(lesson, 1.0, n=4) == []
    assert under(job_of(lesson, {"n": 4}), lesson) == []
    assert conclusions(run(1.0), job_of(lesson), lesson, "en", finished=False) == []
    old = job_of(lesson)
    with lesson.file("torch").open("a") as file:
        file.write("# changed\n")
    assert said(lesson, 1.0) == []
    assert under(job_of(lesson), lesson) == under(old, lesson) == []


def test_a_recording_of_other_code_is_not_compared(lesson: Lesson) -> None:
    old = job_of(lesson)
    with lesson.file("torch").open("a") as file:
        file.write("# changed\n")
    evidence(lesson).write(lesson.evidence)  # measured anew
    assert under(job_of(lesson), lesson)
    assert under(old, lesson) == []
    assert conclusions(run(1.0), old, lesson, "en", finished=True) == []


def test_the_bands_are_those_of_the_evidence(lesson: Lesson) -> None:
    first, _ = under(job_of(lesson), lesson)
    assert (first["mid"], first["high"], first["x"]) == ([2.5, 1.5, 1.2, 1.0], [2.9, 1.9, 1.6, None], [0, 1, 2, 3])
    assert condition("calm")["seeds"] == first["seeds"]


@pytest.fixture
def measured(lesson: Lesson, tmp_path: Path) -> Recording:
    """Three seeds, measured in a worker."""
    return record(lesson, {"seeds": 3, "n": 5}, tmp_path / "run")


def test_measured_seeds_say_their_median(lesson: Lesson, measured: Recording) -> None:
    band = next(event for event in reversed(measured.events) if event["kind"] == "band")
    (sentence,) = sentences(measured, lesson, "en")
    assert sentence.startswith("Loss, A: median ")
    assert f"{band['mid'][-1]:.4g}" in sentence
    assert " over 3 seeds, the middle 80% from " in sentence
    assert sentences(measured, lesson, "zh")[0].startswith("误差（甲）：3 个种子的中位数是 ")


def test_the_report_of_measured_seeds_has_what_they_drew_and_nothing_else(lesson: Lesson, measured: Recording) -> None:
    page = report(measured, lesson, "en")
    assert 'data-chart="loss"' in page
    assert 'data-chart="cloud"' not in page
    assert "Number of seeds" in page
    assert "--seed=0 --seeds=3" in page
    assert "Loss, A: median" in page


def test_the_picture_of_measured_seeds_says_what_is_shaded(
    lesson: Lesson, measured: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[dict[str, Any]] = []

    class Renderer:
        @staticmethod
        def vegalite_to_png(spec: dict[str, Any], scale: float) -> bytes:
            drawn.append(spec)
            return b""

    monkeypatch.setattr("seelearn.export.pictures.renderer", lambda: Renderer)
    picture(measured, lesson, "loss", "en")
    assert drawn[0]["title"]["subtitle"] == "Shaded: the middle 80% of 3 seeds; dashed: their median"
    assert {param["name"]: param["value"] for param in drawn[0]["params"]} == {"now": 5, "total": 5, "shown": ["A"]}
    plain = Recording(measured.folder, {**measured.header, "seeds": None}, run(2.0, 1.0), End("finished"))
    picture(plain, lesson, "loss", "en")
    assert drawn[1]["title"]["subtitle"] == ""  # other parameters than the evidence's


def test_a_run_with_evidence_has_its_bands_in_report_and_picture(lesson: Lesson, tmp_path: Path) -> None:
    recording = record(lesson, {"seed": 7}, tmp_path / "run")
    page = report(recording, lesson, "en")
    assert '"seeds": 1024' in page.split('id="bands">')[1].split("</script>")[0]
    assert " 1,024 seeds (the middle 80%" in page
    without = picture(recording, lesson, "loss", "en")
    lesson.evidence.unlink()
    assert picture(recording, lesson, "loss", "en") != without
