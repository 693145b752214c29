"""What makes the course found: addresses for other sites, the sitemap, the feed, the search index, and HEAD."""

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from tests.conftest import COURSE, write_lesson
from tests.engine.test_contents import write_contents
from tests.site.conftest import BASE, FLAGSHIP

from seelearn.engine.catalogue import Catalogue
from seelearn.engine.contents import read_contents
from seelearn.errors import LessonError
from seelearn.site.app import create_app
from seelearn.site.settings import Settings

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def head(page: str) -> dict[str, str]:
    """Return what a page says of itself: its meta properties and links, by name."""
    metas = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', page)
    links = re.findall(r'<link rel="(\w+)"(?: hreflang="([\w-]+)")? href="([^"]*)"', page)
    return dict(metas) | {f"{rel} {language}".strip(): address for rel, language, address in links}


@pytest.mark.parametrize("path", ["/", "/courses/pytorch", "/lessons/batch_normalization"])
def test_a_page_says_what_it_is_and_where_its_other_language_is(client: TestClient, path: str) -> None:
    for language in ("zh", "en"):
        page = client.get(f"/{language}{path}").text
        said = head(page)
        assert said["canonical"] == said["og:url"] == f"{BASE}/{language}{path}"
        assert said["alternate zh-Hans"] == f"{BASE}/zh{path}"
        assert said["alternate en"] == said["alternate x-default"] == f"{BASE}/en{path}"
        assert said["description"] == said["og:description"] != ""
        assert f"<title>{said['og:title']}</title>" in page
        picture = client.get(said["og:image"])
        assert picture.headers["content-type"] == "image/png"
        assert min(Image.open(io.BytesIO(picture.content)).size) >= 300
    assert client.get("/en/lessons/nothing").text.count("noindex") == 1


def test_a_query_is_not_another_page(client: TestClient) -> None:
    assert head(client.get(f"{FLAGSHIP}?epochs=0&x=%22").text)["canonical"] == f"{BASE}{FLAGSHIP}"


def test_the_public_address_is_the_one_that_was_given(tmp_path: Path) -> None:
    write_lesson(tmp_path / "course", "trial", "pass")
    app = create_app(Catalogue(tmp_path / "course"), tmp_path / "runs", Settings(url="https://learn.example.org"))
    with TestClient(app, base_url=BASE) as client:
        assert head(client.get("/zh/lessons/trial").text)["canonical"] == "https://learn.example.org/zh/lessons/trial"
        robots = client.get("/robots.txt").text
        assert "Sitemap: https://learn.example.org/sitemap.xml\n" in robots


def test_the_sitemap_names_every_page_and_they_exist(client: TestClient) -> None:
    tree = ElementTree.fromstring(client.get("/sitemap.xml").text)
    found = [place.text or "" for place in tree.iter(f"{MAP}loc")]
    assert len(found) == len(set(found)) >= 18
    assert {f"{BASE}/zh/", f"{BASE}/en/courses/keras", f"{BASE}{FLAGSHIP}"} <= set(found)
    for place in found:
        assert client.get(place).status_code == 200


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_feed_tells_of_lessons_by_date(client: TestClient, language: str) -> None:
    answer = client.get(f"/{language}/feed.xml")
    assert answer.headers["content-type"] == "application/atom+xml"
    entries = ElementTree.fromstring(answer.text).findall(f"{ATOM}entry")
    days = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
    assert days == sorted(days, reverse=True)
    titles = {entry.findtext(f"{ATOM}title") for entry in entries}
    assert {lesson.title(language) for lesson in COURSE.lessons} == titles, "a lesson.toml without a date"
    for entry in entries:
        assert client.get(entry.findtext(f"{ATOM}id") or "").status_code == 200


def test_a_date_that_is_no_day_is_the_authors_mistake(tmp_path: Path) -> None:
    lesson = write_lesson(tmp_path, "trial", "pass")
    path = lesson.folder / "lesson.toml"
    path.write_text('date = "yesterday"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(LessonError, match=r"date is 'yesterday', but must be a day such as"):
        _ = lesson.date


def search_index(client: TestClient, language: str) -> tuple[list[list[str]], dict[str, str]]:
    text = client.get(f"/{language}/index.js").text
    content = json.loads(text.removeprefix("self.seelearnIndex = ").removesuffix(";\n"))
    return content["rows"], content["texts"]


def test_the_index_holds_every_row_once_and_the_text_that_it_opens(client: TestClient) -> None:
    rows, texts = search_index(client, "zh")
    expected = {(*row.page, row.section) for course in read_contents(COURSE) for row in course.rows}
    assert len(rows) == len(expected)
    (row,) = [row for row in rows if row[3] == "/zh/lessons/batch_normalization"]
    assert row[:3] == ["批标准化", "Batch normalization", ["有趣的机器学习", "PyTorch"]]
    text = texts[row[4]]
    assert "深层网络像一场接力。每一层从前一层接过一批数" in text
    for mark in ("{{", "}}", "{#", "](", "**"):
        assert mark not in text
    assert all(not client.get(row[3]).is_error for row in rows if row[3])


def test_the_index_of_a_section_is_its_own_text(tmp_path: Path) -> None:
    catalogue = write_contents(tmp_path / "course")
    prose = tmp_path / "course" / "alpha" / "en.md"
    prose.write_text("First.\n\n## T {#t}\n\nSecond $x^2$.\n\n{{ lab }}\n\n## U {#u}\n\nThird.\n", encoding="utf-8")
    with TestClient(create_app(catalogue, tmp_path / "runs"), base_url=BASE) as client:
        rows, texts = search_index(client, "en")
    assert texts["alpha#t"] == "T Second x^2."
    assert texts["alpha#"] == "First. T Second x^2. U Third."
    assert [row[3] for row in rows[:3]] == ["/en/lessons/alpha", "/en/lessons/alpha#t", None]


@pytest.mark.parametrize(
    "path", ["/en/", "/en/courses/pytorch", FLAGSHIP, "/sitemap.xml", "/en/feed.xml", "/static/style.css"]
)
def test_the_head_of_a_page_can_be_asked_for(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == 200
    assert client.head("/en/lessons/nothing").status_code == 404
