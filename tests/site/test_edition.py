"""The static edition: whole without a server, and the same whenever it is made."""

import json
import posixpath
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tests.conftest import write_lesson
from tests.measured import write_course

from seelearn.engine.catalogue import Catalogue
from seelearn.engine.recording import Recording
from seelearn.errors import UserError
from seelearn.events import without_times
from seelearn.labels import LANGUAGES
from seelearn.site.edition import MARK, Edition


class Links(HTMLParser):
    """Collects whatever a page leads to or loads, and the ids in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in {"href", "src", "data-script"} and value is not None:
                self.targets.append(value)
            if name == "id" and value is not None:
                self.ids.add(value)


def edition(course: Path, folder: Path, cache: Path, base: str = "") -> Edition:
    made = Edition(Catalogue(course), folder, base)
    made.publish(cache, lambda line: None)
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a course, and its edition in `site`."""
    place = tmp_path_factory.mktemp("edition")
    write_course(place / "course")
    prose = place / "course" / "trial" / "en.md"
    prose.write_text(prose.read_text() + "\n[longer](?n=5&seed=2)\n", encoding="utf-8")
    other = prose.with_name("zh.md")
    other.write_text(other.read_text() + "\n[长一些](?n=5&seed=2)\n", encoding="utf-8")
    edition(place / "course", place / "site", place / "cache")
    return place


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_link_leads_to_a_file_of_the_edition(place: Path) -> None:
    pages = {name: Links(content.decode()) for name, content in files(place / "site").items() if name.endswith(".html")}
    assert len(pages) >= 7
    for name, page in pages.items():
        for target in page.targets:
            parts = urlsplit(target)
            assert parts.scheme == parts.netloc == "", f"{name} loads {target}"
            assert not parts.path.startswith("/"), f"{name}: {target} would not work below a prefix or on a disk"
            file = (
                posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
            )
            assert (place / "site" / file).is_file(), f"{name} leads to {target}"
            if parts.fragment and file in pages:
                assert parts.fragment in pages[file].ids, f"{name} leads to {target}"


def test_the_runs_are_the_defaults_every_choice_and_the_links_of_the_prose(place: Path) -> None:
    page = (place / "site" / "en" / "lessons" / "trial.html").read_text()
    labels = re.findall(r"<option [^>]*>([^<]*)</option>", page)
    assert labels == ["default parameters", "Kind: Wild", "Steps: 5, Random seed: 2"]
    scripts = re.findall(r'data-script="\.\./\.\./(runs/[^"]+)"', page)
    assert len(set(scripts)) == 3
    for script in scripts:
        head, _, body = (place / "site" / script).read_text().partition(" = ")
        content = json.loads(body.rstrip(";\n"))
        name = Path(script).stem
        assert head.endswith(f'["{name}"]')
        recording = Recording.read(place / "cache" / name)
        assert content["events"] == [e for e in without_times(recording.events) if e["kind"] != "note"]
        assert set(content["sentences"]) == set(LANGUAGES)
        assert content["sentences"]["zh"][0] == "完了。"


def test_publishing_twice_gives_the_same_bytes_whenever_it_was_recorded(place: Path, tmp_path: Path) -> None:
    edition(place / "course", tmp_path / "again", tmp_path / "cache")
    assert files(tmp_path / "again") == files(place / "site")


def test_an_edition_is_written_over_and_tidied(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "site", tmp_path / "site")
    old = tmp_path / "site" / "runs" / "gone"
    old.mkdir()
    (old / "0.js").write_text("")
    (tmp_path / "site" / "CNAME").write_text("example.org")
    edition(place / "course", tmp_path / "site", place / "cache")
    assert not old.exists()
    assert (tmp_path / "site" / "CNAME").read_text() == "example.org", "what the host needs stays"


def test_a_folder_with_something_else_is_left_alone(place: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine").write_text("precious")
    with pytest.raises(UserError, match="holds something else"):
        edition(place / "course", tmp_path, place / "cache")
    assert files(tmp_path) == {"runs/mine": b"precious"}


def test_a_known_address_stands_where_search_engines_look(place: Path, tmp_path: Path) -> None:
    edition(place / "course", tmp_path / "site", place / "cache", "https://example.org/learn/")
    page = (tmp_path / "site" / "zh" / "lessons" / "trial.html").read_text()
    assert '<link rel="alternate" hreflang="en" href="https://example.org/learn/en/lessons/trial.html">' in page


def test_a_run_that_fails_stops_the_edition_and_is_named(tmp_path: Path) -> None:
    write_lesson(tmp_path / "course", "trial", "raise RuntimeError('no luck')")
    with pytest.raises(UserError, match="no luck"):
        edition(tmp_path / "course", tmp_path / "site", tmp_path / "cache")
    assert not (tmp_path / "site" / "index.html").exists(), "no half an edition"


def test_weights_are_those_of_the_files(place: Path) -> None:
    made = edition(place / "course", place / "site", place / "cache")
    whole = files(place / "site")
    assert {name: size for name, (size, _) in made.weights().items()} == {n: len(c) for n, c in whole.items()}
    _, sent = made.weights()["static/edition.js"]
    assert sent < len(whole["static/edition.js"]) / 2
    assert MARK in whole
