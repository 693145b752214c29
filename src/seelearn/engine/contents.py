"""The table of contents: courses and their rows, from contents.toml beside the lessons."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.frameworks import FRAMEWORKS
from seelearn.errors import LessonError, NotFoundError
from seelearn.labels import LANGUAGES, words

PLANNED = {"tensorflow", "keras", "pytensor"}
"""Frameworks that a row may name although no lesson can be written in them yet."""

STARTS = 3
"""How many lessons of a folder without contents are to start with."""

SLUG = re.compile(r"[a-z]+(-[a-z]+)*")
NAME = re.compile(r"[a-z][a-z0-9_]*")
FIELDS = {"lesson", "framework", "section", "start", *LANGUAGES}


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a course: the page of a lesson in one framework, or one of its headings.

    `place` names the page (see `Lesson.place`). It is empty as long as the page, or the heading in one of the
    languages, has not been written. A row to `start` with stands on the home page.
    """

    title: Mapping[str, str]
    lesson: str
    framework: str
    section: str
    place: tuple[str, ...]
    start: bool = False

    @property
    def written(self) -> bool:
        """Whether it can be opened."""
        return self.place != ()

    @property
    def page(self) -> tuple[str, str]:
        """The page that it opens: rows of one page differ in their section."""
        return self.lesson, self.framework


@dataclass(frozen=True, slots=True)
class Course:
    """Rows in the order in which they are to be read."""

    slug: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    rows: tuple[Row, ...]

    @property
    def written(self) -> list[Row]:
        """Those of its rows that can be opened."""
        return [row for row in self.rows if row.written]

    @property
    def pages(self) -> list[tuple[str, str]]:
        """Return the pages that its written rows open, each once."""
        return list(dict.fromkeys(row.page for row in self.written))

    def number(self, page: tuple[str, str]) -> int:
        """Return which row opens this page first, counted from 1."""
        return next(number for number, row in enumerate(self.rows, 1) if row.page == page)

    def neighbours(self, page: tuple[str, str]) -> tuple[Row | None, Row | None]:
        """Return the written rows before and after this page; neither opens the page itself."""
        first = self.number(page) - 1
        before = (row for row in reversed(self.rows[:first]) if row.written)
        after = (row for row in self.rows[first:] if row.written and row.page != page)
        return next(before, None), next(after, None)


def read_contents(catalogue: Catalogue) -> list[Course]:
    """Return the courses of a folder of lessons; without a contents.toml, all its lessons make one.

    Raises `LessonError` that names the row which is not written as a row must be.
    """
    path = catalogue.folder / "contents.toml"
    lessons = {lesson.name: lesson for lesson in catalogue.lessons}
    if not path.exists():
        return [_all(list(lessons.values()))]
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # not TOML, or not UTF-8
        raise LessonError(f"{path}: {error}") from None
    courses = [_course(path, number, about, lessons) for number, about in enumerate(content.get("courses", []), 1)]
    slugs = [course.slug for course in courses]
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise LessonError(f"{path}: two courses have the slug {slug!r}")
    return courses


def find_course(courses: list[Course], slug: str) -> Course:
    """Return the course with this slug."""
    for course in courses:
        if course.slug == slug:
            return course
    raise NotFoundError(f"no course {slug[:60]!r}: there are {', '.join(course.slug for course in courses)}")


def _all(lessons: list[Lesson]) -> Course:
    said = {language: words(language) for language in LANGUAGES}
    rows = tuple(
        Row(one.labels["title"], one.name, one.frameworks[0], "", (one.name,), start=number < STARTS)
        for number, one in enumerate(lessons)
    )
    title, summary = ({language: said[language][key] for language in LANGUAGES} for key in ("lessons", "home_lead"))
    return Course("lessons", title, summary, rows)


def _course(path: Path, number: int, about: dict[str, Any], lessons: dict[str, Lesson]) -> Course:
    place = f"{path}: course {number}"
    slug = about.get("slug", "")
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise LessonError(f"{place}: slug is {slug!r}, but must be small letters with single hyphens, as in my-course")
    for key in ("title", "summary"):
        _check_languages(f"{place} ({slug}), {key}", about.get(key))
    rows = [_row(f"{place} ({slug}), row {n}", row, lessons) for n, row in enumerate(about.get("rows", []), 1)]
    return Course(slug, about["title"], about["summary"], tuple(rows))


def _row(where: str, about: dict[str, Any], lessons: dict[str, Lesson]) -> Row:
    _check_languages(where, about)
    if unknown := set(about) - FIELDS:
        raise LessonError(f"{where}: unknown is {', '.join(sorted(unknown))}; allowed are {', '.join(sorted(FIELDS))}")
    name, framework, section = (about.get(key, "") for key in ("lesson", "framework", "section"))
    for key, value in (("lesson", name), ("section", section or "none")):
        if not isinstance(value, str) or not NAME.fullmatch(value):
            raise LessonError(f"{where}: {key} is {value!r}, but must be small letters, digits and _")
    known = [*FRAMEWORKS, *sorted(PLANNED)]
    if framework not in known:
        raise LessonError(f"{where}: framework is {framework!r}, but must be one of {', '.join(known)}")
    lesson = lessons.get(name)
    place: tuple[str, ...] = ()
    if lesson is not None and framework in lesson.frameworks and (not section or section in lesson.sections):
        place = lesson.place(framework)
    start = about.get("start", False)
    if not isinstance(start, bool):
        raise LessonError(f"{where}: start is {start!r}, but must be true or false")
    return Row({language: about[language] for language in LANGUAGES}, name, framework, section, place, start)


def _check_languages(place: str, about: Any) -> None:
    for language in LANGUAGES:
        if not isinstance(about, dict) or not isinstance(about.get(language), str) or not about[language].strip():
            raise LessonError(f"{place}: it needs a text in {language}")
