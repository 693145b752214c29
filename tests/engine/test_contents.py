"""The table of contents: what it must say, and what is written of it."""

from pathlib import Path

import pytest
from tests.conftest import COURSE, write_lesson

from seelearn.engine.catalogue import Catalogue
from seelearn.engine.contents import Row, find_course, read_contents
from seelearn.errors import LessonError, NotFoundError

COUNTS = {
    "machine-learning": 25,
    "reinforcement-learning": 20,
    "tensorflow": 28,
    "pytorch": 21,
    "theano": 14,
    "keras": 10,
    "scikit-learn": 11,
}

CONTENTS = """
[[courses]]
slug = "first"
title = { zh = "一", en = "One" }
summary = { zh = "第一门课。", en = "The first course." }
rows = [
  { zh = "甲", en = "A", lesson = "alpha", framework = "torch", start = true },
  { zh = "甲一", en = "A, a section", lesson = "alpha", framework = "torch", section = "t" },
  { zh = "乙", en = "B", lesson = "beta", framework = "torch", start = true },
  { zh = "丙", en = "C", lesson = "gamma", framework = "torch" },
  { zh = "丙二", en = "C again", lesson = "gamma", framework = "numpy" },
  { zh = "丙三", en = "C, a heading", lesson = "gamma", framework = "torch", section = "nowhere" },
]
"""


def write_contents(folder: Path, text: str = CONTENTS) -> Catalogue:
    """Write a course in which `beta`, gamma's NumPy and gamma's section `nowhere` are not written."""
    for name in ("alpha", "gamma"):
        write_lesson(folder, name, "pass")
    (folder / "contents.toml").write_text(text, encoding="utf-8")
    return Catalogue(folder)


def test_the_course_has_all_its_rows() -> None:
    courses = read_contents(COURSE)
    assert {course.slug: len(course.rows) for course in courses} == COUNTS
    assert sum(COUNTS.values()) == 129


def test_every_lesson_of_the_course_stands_in_its_contents() -> None:
    rows = [row for course in read_contents(COURSE) for row in course.rows]
    opened = {row.lesson for row in rows if row.written}
    assert {lesson.name for lesson in COURSE.lessons} <= opened, "a lesson that no row opens in any of its frameworks"
    folders = {path.name for path in COURSE.folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert folders <= {row.lesson for row in rows}, "a folder that no row names"


def test_a_row_is_written_when_its_page_and_its_heading_are(tmp_path: Path) -> None:
    (course,) = read_contents(write_contents(tmp_path))
    assert [row.written for row in course.rows] == [True, True, False, True, False, False]
    write_lesson(tmp_path, "beta", "pass")
    gamma = tmp_path / "gamma"
    (gamma / "with_numpy.py").write_text((gamma / "with_torch.py").read_text(), encoding="utf-8")
    (gamma / "zh.md").write_text("## 丙 {#nowhere}\n", encoding="utf-8")
    (course,) = read_contents(Catalogue(tmp_path))
    assert [row.place for row in course.rows[2:5]] == [("beta",), ("gamma",), ("gamma", "numpy")]
    assert not course.rows[5].written, "the heading stands in one language only"
    (gamma / "en.md").write_text("## C {#nowhere}\n", encoding="utf-8")
    (course,) = read_contents(Catalogue(tmp_path))
    assert course.rows[5].written


def test_from_page_to_page_over_sections_and_what_is_not_written(tmp_path: Path) -> None:
    (course,) = read_contents(write_contents(tmp_path))

    def names(rows: tuple[Row | None, Row | None]) -> list[str | None]:
        return [row.title["en"] if row else None for row in rows]

    assert names(course.neighbours(("alpha", "torch"))) == [None, "C"]
    assert names(course.neighbours(("gamma", "torch"))) == ["A, a section", None]
    assert course.number(("gamma", "torch")) == 4


def test_a_folder_without_contents_is_one_course(tmp_path: Path) -> None:
    write_lesson(tmp_path, "mine", "pass")
    (course,) = read_contents(Catalogue(tmp_path))
    assert course.slug == "lessons"
    assert [(row.title["en"], row.place) for row in course.rows] == [("Trial", ("mine",))]


def test_an_unknown_course_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no course 'second': there are first"):
        find_course(read_contents(write_contents(tmp_path)), "second")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('en = "B", ', "", r"course 1 \(first\), row 3: it needs a text in en"),
        ('lesson = "beta"', 'lesson = "../beta"', r"row 3: lesson is '../beta', but must be small letters"),
        ('"beta", framework = "torch"', '"beta", framework = "toch"', r"row 3: framework is 'toch', but must be one of torch"),
        ("start = true", "start = 1", r"row 1: start is 1, but must be true or false"),
        ('section = "nowhere"', 'section = "No"', r"row 6: section is 'No'"),
        ('section = "nowhere"', 'anchor = "no"', r"row 6: unknown is anchor; allowed are en, framework"),
        ('slug = "first"', 'slug = "a/b"', r"course 1: slug is 'a/b', but must be small letters"),
        ('summary = { zh = "第一门课。", ', "summary = { ", r"course 1 \(first\), summary: it needs a text in zh"),
        ("rows = [", "rows = [[", r"contents\.toml: "),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_its_row(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in CONTENTS
    with pytest.raises(LessonError, match=message):
        read_contents(write_contents(tmp_path, CONTENTS.replace(old, new)))


def test_two_courses_of_one_slug_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="two courses have the slug 'first'"):
        read_contents(write_contents(tmp_path, CONTENTS + CONTENTS))
