"""The lessons of a course, found by path and read without running them."""

import difflib
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from seelearn.engine.frameworks import FRAMEWORKS, Framework
from seelearn.engine.parameters import Parameter, read_parameters
from seelearn.errors import LessonError, NotFoundError
from seelearn.labels import LANGUAGES

HEADING = re.compile(r"^#+ .*\{#([a-z_]+)\}\s*$", re.M)


@dataclass(frozen=True)
class Lesson:
    """A folder with prose, labels and one `with_<framework>.py` for each framework."""

    name: str
    folder: Path

    @cached_property
    def labels(self) -> dict[str, Any]:
        """What lesson.toml says: titles, labels, charts and notes, in both languages."""
        path = self.folder / "lesson.toml"
        try:
            labels = tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:  # not TOML, or not UTF-8
            raise LessonError(f"{path}: {error}") from None
        missing = {"title", "summary", "steps", "parameters", "series", "charts", "notes"} - set(labels)
        if missing:
            raise LessonError(f"{path}: it lacks {', '.join(sorted(missing))}")
        return labels

    @property
    def date(self) -> date | None:
        """The day of its last change that is worth telling its readers, if lesson.toml says one."""
        day = self.labels.get("date")
        if day is not None and type(day) is not date:
            raise LessonError(f"{self.folder / 'lesson.toml'}: date is {day!r}, but must be a day such as 2026-11-23")
        return day

    @cached_property
    def frameworks(self) -> list[str]:
        """The frameworks it is written in, in the order of `FRAMEWORKS`."""
        return [name for name in FRAMEWORKS if self.file(name).exists()]

    @cached_property
    def sections(self) -> set[str]:
        """The ids of the headings that its prose has in every language."""
        paths = [self.prose(language) for language in LANGUAGES]
        texts = [path.read_text(encoding="utf-8") if path.exists() else "" for path in paths]
        return set.intersection(*(set(HEADING.findall(text)) for text in texts))

    def prose(self, language: str) -> Path:
        """Return the path of its text in this language."""
        return self.folder / f"{language}.md"

    def file(self, framework: str) -> Path:
        """Return the path of the experiment in this framework."""
        return self.folder / f"with_{framework}.py"

    @property
    def claims(self) -> Path:
        """The path of what it claims; a lesson need not have any."""
        return self.folder / "claims.py"

    @property
    def evidence(self) -> Path:
        """The path of what was measured of its claims."""
        return self.folder / "evidence.json"

    @property
    def map(self) -> Path:
        """The path of the sweep that is shown on its page."""
        return self.folder / "map.json"

    def framework(self, name: str | None = None) -> Framework:
        """Return the named framework, or the lesson's first; raise if the lesson isn't written in it."""
        if name is None:
            name = self.frameworks[0]
        if name not in self.frameworks:
            allowed = ", ".join(self.frameworks)
            raise NotFoundError(f"{self.name} is not written in {name[:60]!r}: allowed is {allowed}")
        return FRAMEWORKS[name]

    def place(self, framework: str) -> tuple[str, ...]:
        """Return what names its page in this framework: the lesson's first one goes without saying."""
        return (self.name,) if framework == self.frameworks[0] else (self.name, framework)

    def parameters(self, framework: str) -> list[Parameter]:
        """Return the parameters of the experiment in this framework."""
        return read_parameters(self.file(framework))

    def title(self, language: str) -> str:
        """Return its title."""
        return str(self.labels["title"][language])


class Catalogue:
    """All lessons below one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or default_folder()
        if not folder.is_dir():
            raise NotFoundError(f"no folder of lessons at {folder}: give one with --lessons DIR")
        self.folder = folder.resolve()

    @property
    def lessons(self) -> list[Lesson]:
        """Every folder with a lesson.toml and an experiment, by name."""
        found = (Lesson(path.parent.name, path.parent) for path in sorted(self.folder.glob("*/lesson.toml")))
        return [lesson for lesson in found if lesson.frameworks]

    def lesson(self, name: str) -> Lesson:
        """Return one lesson; raise with the nearest names if there is none."""
        lessons = {lesson.name: lesson for lesson in self.lessons}
        if name in lessons:
            return lessons[name]
        near = difflib.get_close_matches(name, lessons, n=1)
        hint = f"did you mean {near[0]}?" if near else "`seelearn list` names them all"
        raise NotFoundError(f"no lesson {name[:60]!r}: {hint}")


def default_folder() -> Path:
    """Return the course that is shipped inside the package, or, in a checkout, the one at its root."""
    package = Path(__file__).parent.parent
    shipped = package / "lessons"
    return shipped if shipped.is_dir() else package.parent.parent / "lessons"
