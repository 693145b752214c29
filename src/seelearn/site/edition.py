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
from seelearn.engine.job import Job
from seelearn.errors import UserError
from seelearn.labels import LANGUAGES, words
from seelearn.site import found, pages
from seelearn.site.links import PATHS, Links
from seelearn.site.notebook import notebook
from seelearn.site.recordings import Recorded, record, runs_of, script
from seelearn.site.search import index

MODULES = {"lesson.js", "player.js", "recorded.js"}
"""Scripts that need a server, or are part of edition.js."""
MARK = ".seelearn-edition"
"""A file that says that a folder is ours to write over and to tidy."""

Progress = Callable[[str], None]


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
    """Writes the edition of a course into a folder.

    `base` is the address that it will have, if that is known; `discussion` is that of a live site with the comments.
    """

    def __init__(self, catalogue: Catalogue, folder: Path, base: str = "", discussion: str = "") -> None:
        self._catalogue, self._folder, self._base = catalogue, folder, base.rstrip("/")
        self._discussion = discussion.rstrip("/") or None
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
        catalogue, all_places = self._catalogue, found.places(self._catalogue)

        def draw(place: tuple[str, ...], links: Links) -> str:
            kind, *names = place
            if kind == "home":
                return pages.home(catalogue, language, links)
            if kind == "course":
                return pages.course(catalogue, names[0], language, links)
            lesson = catalogue.lesson(names[0])
            if kind == "compare":
                return pages.comparison(lesson, (names[1], names[2]), language, links)
            framework = names[1] if len(names) > 1 else lesson.frameworks[0]
            runs = recordings[lesson.name, framework]
            return pages.lesson(
                catalogue, lesson, framework, language, links, recordings=runs, discussion=self._discussion
            )

        for kind, *names in all_places:
            file = file_of(kind, language, *names)
            self._write(file, draw((kind, *names), self._links(file)))
        return len(all_places)

    def _files(self) -> None:
        """Write what pages load, what a reader can take home, what machines read, and the page that comes first."""
        for path in assets.STATIC.rglob("*"):
            if path.is_file() and path.name not in MODULES:
                self._write(f"static/{path.relative_to(assets.STATIC).as_posix()}", path.read_bytes())
        self._write("static/edition.js", assets.bundle("player.js", "recorded.js"))
        for language in LANGUAGES:
            index_file, feed_file = (file_of(kind, language) for kind in ("search", "feed"))
            self._write(index_file, index(self._catalogue, language, self._links(index_file)))
            self._write(feed_file, found.feed(self._catalogue, language, self._links(feed_file)))
            for lesson in self._catalogue.lessons:
                self._write(file_of("picture", language, lesson.name), found.picture(lesson, language))
                for name in lesson.frameworks:
                    self._write(
                        file_of("script", language, lesson.name, f"with_{name}"), lesson.file(name).read_bytes()
                    )
                    self._write(file_of("notebook", language, lesson.name, name), notebook(lesson, name, language))
        if self._base:
            self._write("sitemap.xml", found.sitemap(self._catalogue, self._links("sitemap.xml")))
        self._write("index.html", pages.languages(self._links("index.html")))

    def _links(self, file: str) -> Relative:
        return Relative(file, self._base)

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
