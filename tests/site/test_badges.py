"""Claims on the page: each sentence says what the seeds say of it, and the table says all."""

import dataclasses
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.measured import CLAIMS, evidence, proof, write_course
from tests.site.conftest import BASE

from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.site import pages
from seelearn.site.app import create_app
from seelearn.site.links import Links


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return write_course(tmp_path / "course")


def shown(lesson: Lesson, language: str = "en") -> str:
    return html.unescape(pages.lesson(Catalogue(lesson.folder.parent), lesson, "torch", language, Links("http://x")))


def words(page: str) -> str:
    """Return what a reader reads: the text without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_every_sentence_says_what_the_seeds_say(lesson: Lesson) -> None:
    text = words(shown(lesson))
    assert "The loss falls with run. ✓ 1,022 of 1,024 seeds, at least 99.2% (95% interval)" in text
    assert "It falls when wild. ✗ refuted: 0 of 1,024 seeds, at most 0.4%" in text
    assert "It ends low. ✓ median 1.023 [0.9877, 1.055] over 1,024 seeds, 3 of them not a number" in text
    assert "It rises. ○ not measured yet" in text


def test_chinese_is_written_as_chinese(lesson: Lesson) -> None:
    text = words(shown(lesson, "zh"))
    assert "误差会下降。 ✓ 1024 个种子里有 1022 个，至少 99.2%（95% 区间）" in text
    assert "狂野时也会下降。 ✗ 不成立：1024 个种子里有 0 个，至多 0.4%（95% 区间）" in text
    assert "最后很低。 ✓ 1024 个种子的中位数 1.023 [0.9877, 1.055]，其中 3 个得到的不是数" in text
    assert "它会上升。 ○ 还没有测过" in text


def test_a_refuted_sentence_is_struck_out_and_no_other(lesson: Lesson) -> None:
    page = shown(lesson)
    assert re.findall(r"<s>(.*?)</s>", page) == ["It falls when wild."]
    assert 'class="claim refuted" id="claim-falls-wild"' in page


def test_an_undecided_claim_says_so(lesson: Lesson) -> None:
    found = evidence(lesson)
    open_ended = {**found.claims, "falls.calm": proof("calm", "undecided", 0.9318, 0.96012, count=970)}
    dataclasses.replace(found, claims=open_ended).write(lesson.evidence)
    text = words(shown(lesson))
    assert "? undecided: 970 of 1,024 seeds, 93.1% to 96.1% (95% interval)" in text
    assert "? undecided" in text.split("How these claims are checked")[0].rsplit("Verdict")[-1]


def test_badge_and_row_lead_to_each_other(lesson: Lesson) -> None:
    page = shown(lesson)
    for place in ("falls-calm", "falls-wild", "ends-calm"):
        assert page.count(f'id="claim-{place}"') == page.count(f'id="evidence-{place}"') == 1
        assert f'href="#claim-{place}"' in page
        assert f'href="#evidence-{place}"' in page
    assert "#evidence-rises" not in page


def test_the_table_says_condition_promise_and_finding(lesson: Lesson) -> None:
    rows = [words(row) for row in re.findall(r'<tr id="evidence-.*?</tr>', shown(lesson), re.S)]
    assert rows[0].split("falls.calm")[1].strip() == (
        "the default parameters at least 95% of the seeds 1,022 of 1,024, which is 99.8%; "
        "95% interval 99.2% to 100% ✓ holds"
    )
    assert " Kind: Wild at least 95%" in rows[1]
    assert " a median from 0 to 2 median 1.023; 95% interval 0.9877 to 1.055, 3 of them not a number ✓" in rows[2]
    assert "seelearn verify trial" in shown(lesson)
    assert "脾气：狂野" in shown(lesson, "zh")


def test_the_code_of_the_claims_can_be_read(lesson: Lesson) -> None:
    page = shown(lesson)
    assert f"claims.py, lines 1–{CLAIMS.count(chr(10))}" in page
    assert '<span class="nf">falls</span>' in page


def test_evidence_of_older_code_says_so_everywhere(lesson: Lesson) -> None:
    assert "earlier version" not in shown(lesson)
    with lesson.file("torch").open("a") as file:
        file.write("# changed\n")
    page = shown(lesson)
    assert page.count("; measured on an earlier version</a>") == 3
    assert page.count(" stale") == 3
    assert "The lesson's code has changed since it was measured" in page


@pytest.mark.parametrize("damage", ["", "{", '{"format": 1}', "[]", '{"format": 9}'])
def test_without_evidence_that_can_be_read_the_page_still_stands(lesson: Lesson, damage: str) -> None:
    if damage:
        lesson.evidence.write_text(damage)
    else:
        lesson.evidence.unlink()
    page = shown(lesson)
    assert words(page).count("○ not measured yet") == 4
    assert 'id="evidence"' not in page


def test_what_a_claim_says_cannot_become_html(lesson: Lesson) -> None:
    path = lesson.folder / "en.md"
    path.write_text("{{ claim falls.calm: <b>x</b> <script>y</script> }}\n\n{{ lab }}\n")
    page = pages.lesson(Catalogue(lesson.folder.parent), lesson, "torch", "en", Links("http://x"))
    assert "<script>y" not in page
    assert page.count("&lt;script&gt;y") == 2  # in its place, and in the table


@pytest.fixture
def client(lesson: Lesson, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Catalogue(lesson.folder.parent), tmp_path / "runs"), base_url=BASE) as client:
        yield client


def test_the_pages_policy_is_kept(client: TestClient) -> None:
    page = client.get("/en/lessons/trial").text
    assert not re.search(r"<[^>]+ (style|on\w+)=", page)
    for tag in re.findall(r"<script[^>]*>", page):
        assert "src=" in tag or 'type="application/json"' in tag


def test_a_run_is_given_the_bands_of_its_condition(client: TestClient) -> None:
    bands = client.post("/en/lessons/trial/runs", json={}).json()["bands"]
    assert [(band["chart"], band["series"], band["seeds"]) for band in bands] == [
        ("loss", "a", 1024),
        ("loss", "b", 1024),
    ]
    assert client.post("/en/lessons/trial/runs", json={"n": 4}).json()["bands"] == []
    assert client.post("/en/lessons/trial/runs", json={"seeds": 2}).json()["bands"] == []


def test_the_map_is_a_table_of_links_too(lesson: Lesson) -> None:
    page = shown(lesson)
    table = page.split('id="map"')[1].split("</table>")[0]
    assert "Each cell is the median of 32 seeds after training: Loss." in table
    assert "The lesson's code has changed since this was measured." in table
    links = re.findall(r'<a href="\?([^"]*)#lab">(.*?)</a></th><td>(.*?)</td><td>(.*?)</td>', table)
    assert links[0] == ("wait=0&kind=calm&n=8", "Calm, 8", "8 [8 to 8]", "8 [8 to 8]")
    assert links[3] == ("wait=0&kind=wild&n=8", "Wild, 8", "80 [80 to 80]", "NaN [NaN to NaN]")
    assert "狂野，8" in shown(lesson, "zh")


@pytest.mark.parametrize("damage", ["", "{", "{}", "[]", '{"cells": []}'])
def test_without_a_map_that_can_be_read_the_page_still_stands(lesson: Lesson, damage: str) -> None:
    path = lesson.folder / "map.json"
    path.write_text(damage) if damage else path.unlink()
    assert 'id="map"' not in shown(lesson)


def test_a_map_of_this_code_is_not_called_old(lesson: Lesson) -> None:
    path = lesson.folder / "map.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "code": evidence(lesson).code}))
    assert "has changed since" not in shown(lesson)
