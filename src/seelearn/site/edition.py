"""The static edition: the whole course as files, for any web host or none.

Every link is relative, every script a plain one, and a run is a script of its own, so the pages also open from a disk.
Publishing the same course twice gives the same bytes.
"""

import gzip
import posixpath
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from seelearn import assets
from seelearn.engine.catalogue import Catalogue
from seelearn.engine.contents import read_contents
from seelearn.engine.job import Job
from seelearn.errors import UserError
from seelearn.labels import LANGUAGES, words
from seelearn.site import pages
from seelearn.site.links import PATHS, Links
from seelearn.site.recordings import Recorded, record, runs_of, script

SHARED = ("style.css", "icon.svg", "course.js")
"""The files that pages load as they are."""

MARK = ".seelearn-edition"
"""A file that says that a folder is ours to write over and to tidy."""

Progress = Callable[[str], None]
Draw = Callable[[Links], str]
"""Draws one page with the links that lead from it."""


class Relative(Links):
    """The links of one published page, which lies at `here` in the edition."""

    def __init__(self, here: str, base: str) -> None:
        super().__init__(base)
        self._from = posixpath.dirname(here)

    def __call__(self, kind: str, language: str, *names: str) -> str:
        """Return the way to a page or file of the edition."""
        return self._to(file_of(kind, language, *names))

    def static(self, name: str) -> str:
        """Return the way to a file that pages share."""
        return self._to(f"static/{name}")

    def run(self, job: Job) -> str:
        """Return the way to the script of a recorded run."""
        return self._to(run_file(job))

    def absolute(self, kind: str, language: str, *names: str) -> str:
        """Return the address of a page or file; without a base, the way to it."""
        return f"{self._base}/{file_of(kind, language, *names)}" if self._base else self(kind, language, *names)

    def _to(self, file: str) -> str:
        return posixpath.relpath(file, self._from)


def file_of(kind: str, language: str, *names: str) -> str:
    """Return where a page or file lies in the edition."""
    path = PATHS[kind].format(language=language, names="/".join(names)).lstrip("/")
    if path.endswith("/"):
        return path + "index.html"
    return path if PurePosixPath(path).suffix else f"{path}.html"


def run_file(job: Job) -> str:
    """Return where the script of a recorded run lies in the edition."""
    return f"runs/{job.lesson}/{job.id}.js"


class Edition:
    """Writes the edition of a course into a folder; `base` is the address that it will have, if that is known."""

    def __init__(self, catalogue: Catalogue, folder: Path, base: str = "") -> None:
        self._catalogue, self._folder, self._base = catalogue, folder, base.rstrip("/")
        self.written: set[str] = set()

    def publish(self, cache: Path, say: Progress) -> None:
        """Write every page in both languages; runs are recorded below `cache`, and taken from there the next time.

        Files of an earlier edition that this one lacks are deleted. Raises `UserError` for a folder that holds
        something else, and `JobError` if a run fails.
        """
        self._claim()
        experiments = [(lesson, framework) for lesson in self._catalogue.lessons for framework in lesson.frameworks]
        recordings = {}
        for lesson, framework in experiments:
            runs = recordings[lesson.name, framework] = runs_of(lesson, framework)
            say(f"{lesson.name} ({framework}): {len(runs)} runs")
            for one in record(lesson, framework, runs, cache):
                self._write(run_file(one.job), script(one, lesson))
        for language in LANGUAGES:
            say(f"{words(language)['language']}: {self._pages(language, recordings)} pages")
        self._files()
        self._sweep()

    def weights(self) -> dict[str, tuple[int, int]]:
        """Return how many bytes every file has, and how many when it is sent compressed."""
        contents = {name: (self._folder / name).read_bytes() for name in sorted(self.written)}
        return {name: (len(content), len(gzip.compress(content, 6))) for name, content in contents.items()}

    def _claim(self) -> None:
        folder = self._folder
        free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
        if not free and not (folder / MARK).exists():
            raise UserError(f"{folder} holds something else: give a folder that is new, empty or an edition")
        self._write(MARK, "")

    def _pages(self, language: str, recordings: dict[tuple[str, str], list[Recorded]]) -> int:
        """Write all pages of one language; return how many there are."""
        catalogue = self._catalogue

        def home(links: Links) -> str:
            return pages.home(catalogue, language, links)

        def course(slug: str) -> Draw:
            return lambda links: pages.course(catalogue, slug, language, links)

        def lesson(name: str, framework: str) -> Draw:
            found, runs = catalogue.lesson(name), recordings[name, framework]
            return lambda links: pages.lesson(catalogue, found, framework, language, links, recordings=runs)

        drawn: list[tuple[str, tuple[str, ...], Draw]] = [("home", (), home)]
        drawn += [("course", (one.slug,), course(one.slug)) for one in read_contents(catalogue)]
        drawn += [("lesson", catalogue.lesson(n).place(f), lesson(n, f)) for n, f in recordings]
        for kind, names, draw in drawn:
            file = file_of(kind, language, *names)
            self._write(file, draw(Relative(file, self._base)))
        return len(drawn)

    def _files(self) -> None:
        """Write what the pages share, and the page that leads to both languages."""
        for name in SHARED:
            self._write(f"static/{name}", (assets.STATIC / name).read_bytes())
        self._write("static/edition.js", assets.bundle("player.js", "recorded.js"))
        self._write("index.html", pages.languages(Relative("index.html", self._base)))

    def _write(self, name: str, content: str | bytes) -> None:
        """Write a file whole or not at all: a host may be serving the folder."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.new")
        new.write_bytes(content.encode() if isinstance(content, str) else content)
        new.replace(path)
        self.written.add(name)

    def _sweep(self) -> None:
        """Delete what an earlier edition has left in the folders of this one."""
        for top in ("runs", "static", *LANGUAGES):
            for path in sorted((self._folder / top).rglob("*"), reverse=True):
                if path.is_dir():
                    if not any(path.iterdir()):
                        path.rmdir()
                elif path.relative_to(self._folder).as_posix() not in self.written:
                    path.unlink()
