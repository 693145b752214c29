"""The course: from its home to a row, from row to row, and what is not written yet."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.conftest import COURSE
from tests.engine.test_contents import write_contents
from tests.site.conftest import BASE, FLAGSHIP

from seelearn.engine.contents import find_course, read_contents
from seelearn.labels import words
from seelearn.site.app import create_app
from seelearn.site.compare import compare


@pytest.fixture
def small(tmp_path: Path) -> Iterator[TestClient]:
    """A course of six rows, three of them written; gamma is also written in NumPy."""
    catalogue = write_contents(tmp_path / "course")
    gamma = tmp_path / "course" / "gamma"
    code = (gamma / "with_torch.py").read_text(encoding="utf-8")
    (gamma / "with_numpy.py").write_text(code.replace("1.0 / (step", "2.0 / (step"), encoding="utf-8")
    with TestClient(create_app(catalogue, tmp_path / "runs"), base_url=BASE, follow_redirects=False) as client:
        yield client


def links(page: str) -> list[str]:
    """Return where the links of a page's main part lead."""
    return re.findall(r'<a [^>]*?href="([^"]*)"', page[page.index("<main") : page.index("</main>")])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_home_page_leads_to_every_course(client: TestClient, language: str) -> None:
    page = client.get(f"/{language}/").text
    assert words(language)["tagline"] in page
    found = [link for link in links(page) if "/courses/" in link]
    assert len(found) == 7
    for link in found:
        assert client.get(link).status_code == 200
    for course in read_contents(COURSE):
        count = {"rows": len(course.rows), "written": len(course.written)}
        assert words(language, "course")["count"].format(**count) in page


def test_a_framework_that_no_row_names_stands_where_its_lesson_does(client: TestClient) -> None:
    first, other = (client.get(f"/en/lessons/frameworks{page}").text for page in ("", "/numpy"))
    onward = [page[page.index('<nav class="onward"') : page.rindex("</nav>")] for page in (first, other)]
    assert onward[0] == onward[1]
    assert 'href="/en/courses/pytorch"' in onward[0]


def test_the_home_page_names_the_written_rows_to_start_with(small: TestClient) -> None:
    page = small.get("/en/").text
    assert [link for link in links(page) if "/lessons/" in link] == ["/en/lessons/alpha"]  # beta is not written


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_course_lists_all_rows_and_links_only_to_those_written(client: TestClient, language: str) -> None:
    page = client.get(f"/{language}/courses/pytorch").text
    course = find_course(read_contents(COURSE), "pytorch")
    rows = re.findall(r"<li(?: [^>]*)?>(.*?)</li>", page)
    assert len(rows) == 21
    unwritten = [row for row in rows if words(language, "course")["unwritten"] in row]
    assert len(unwritten) == 21 - len(course.written)
    assert not any("<a" in row for row in unwritten)
    assert rows[20].count(f'href="/{language}/lessons/batch_normalization"') == 1


def test_every_link_of_every_page_opens(client: TestClient) -> None:
    seen, waiting = {"/en/", "/zh/"}, ["/en/", "/zh/"]
    while waiting:
        place = waiting.pop()
        answer = client.get(place)
        assert answer.status_code == 200, place
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for href in re.findall(r'<a [^>]*?href="([^"]*)"', answer.text):
            link, _, anchor = href.replace("&amp;", "&").partition("#")
            if link.startswith("/") and link not in seen:
                seen.add(link)
                waiting.append(link)
            if anchor:
                target = client.get(link).text if link.startswith("/") else answer.text
                assert re.search(rf'id="{anchor}"', target), f"{place} links to {link}#{anchor}"
    assert len(seen) >= 18


def test_a_row_of_another_framework_has_its_own_page(small: TestClient) -> None:
    page = small.get("/en/courses/first").text
    assert "/en/lessons/gamma/numpy" in links(page)
    assert "/en/lessons/alpha#t" in links(page)
    other = small.get("/en/lessons/gamma/numpy").text
    assert "with_numpy.py" in other
    assert "with_torch.py" not in other
    assert 'data-runs="/en/lessons/gamma/numpy/runs"' in other
    assert re.search(r'href="/en/lessons/gamma/numpy" aria-current="page">NumPy</a>', other)
    assert "/en/lessons/gamma" in links(other)


def test_a_run_of_another_framework_runs_that_one(small: TestClient) -> None:
    from tests.site.conftest import events, start

    run = start(small, {"n": 1}, "/en/lessons/gamma/numpy")
    values = [event["data"]["y"] for event in events(small, run) if event["data"].get("kind") == "line"]
    assert values == [2.0, 1.0]


def test_the_first_framework_has_one_address(small: TestClient) -> None:
    answer = small.get("/en/lessons/gamma/torch?n=4")
    assert (answer.status_code, answer.headers["location"]) == (308, "/en/lessons/gamma?n=4")
    assert small.get("/en/lessons/gamma/keras").status_code == 404
    assert small.get("/en/lessons/beta").status_code == 404
    assert small.get("/en/courses/second").status_code == 404


def test_previous_and_next_lead_to_written_rows(small: TestClient) -> None:
    page = small.get("/en/lessons/gamma").text
    (onward,) = re.findall(r'<nav class="onward".*?</nav>', page, re.S)
    assert 'rel="prev" href="/en/lessons/alpha#t"' in onward
    assert 'rel="next" href="/en/lessons/gamma/numpy"' in onward
    assert "4 of 6" in onward


def test_a_lesson_in_two_courses_shows_both(client: TestClient) -> None:
    page = client.get(FLAGSHIP).text
    assert re.findall(r'<nav class="onward" aria-label="([^"]*)"', page) == ["Machine learning, seen", "PyTorch"]
    assert "14 of 25" in page
    assert "21 of 21" in page


def test_two_frameworks_side_by_side(small: TestClient) -> None:
    lesson = small.get("/en/lessons/gamma").text
    assert 'href="/en/compare/gamma/torch/numpy">side by side with NumPy</a>' in lesson
    page = small.get("/en/compare/gamma/torch/numpy").text
    marked = [html.unescape(re.sub("<[^>]+>", "", line)) for line in re.findall(r'<span class="hll">(.*?)\n', page)]
    assert [line.strip() for line in marked] == [
        'show.line("loss", "a", 1.0 / (step + 1))',
        'show.line("loss", "a", 2.0 / (step + 1))',
    ]
    assert small.get("/en/compare/gamma/torch/keras").status_code == 404


def test_statements_of_one_name_stand_beside_each_other(tmp_path: Path) -> None:
    left, right = tmp_path / "left.py", tmp_path / "right.py"
    left.write_text("import a\nimport b\n\nN = 1\n\n\n# why\ndef net(x):\n    return x\n", encoding="utf-8")
    right.write_text("import a\n\n\ndef more():\n    pass\n\n\ndef net(x):\n    return 2 * x\n", encoding="utf-8")
    pairs = [
        tuple(html.unescape(re.sub("<[^>]+>", "", code)).strip() for code in pair) for pair in compare(left, right)
    ]
    assert pairs == [
        ("import a\nimport b", "import a"),
        ("N = 1", "def more():\n    pass"),
        ("# why\ndef net(x):\n    return x", "def net(x):\n    return 2 * x"),
    ]
