"""The pages: what a reader and a browser are given."""

import re

import pytest
from fastapi.testclient import TestClient
from tests.site.conftest import FLAGSHIP

from seelearn.labels import words
from seelearn.site.security import BODY


@pytest.mark.parametrize(
    ("asked", "given"),
    [("zh-CN,zh;q=0.9", "/zh/"), ("en-GB", "/en/"), ("fr", "/en/"), ("", "/en/")],
)
def test_the_root_leads_to_the_readers_language(client: TestClient, asked: str, given: str) -> None:
    answer = client.get("/", headers={"Accept-Language": asked})
    assert (answer.status_code, answer.headers["location"]) == (307, given)


def test_a_lesson_page_has_prose_code_and_a_form_from_the_signature(client: TestClient) -> None:
    page = client.get(FLAGSHIP).text
    assert '<h2 id="reading">How to read the grid <a class="anchor" href="#reading"' in page
    assert '<span class="nf">deep_net</span>' in page
    assert 'name="lr" type="number" required min="0.0001" max="1" step="any" value="0.03"' in page
    assert 'name="epochs" type="number" required min="1" max="50" step="1" value="12"' in page
    assert '<option value="relu">' in page


def test_the_languages_link_to_each_other(client: TestClient) -> None:
    page = client.get(FLAGSHIP).text
    assert '<a class="language" href="/zh/lessons/batch_normalization" hreflang="zh" lang="zh">中文</a>' in page
    assert 'lang="zh-Hans"' in client.get("/zh/lessons/batch_normalization").text


def test_a_link_fills_the_form_and_starts(client: TestClient) -> None:
    page = client.get(f"{FLAGSHIP}?activation=relu&seed=4").text
    assert '<option value="relu" selected>' in page
    assert re.search(r'name="seed"[^>]*value="4"', page)
    assert 'data-autorun="true"' in page
    assert 'data-autorun="false"' in client.get(FLAGSHIP).text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "/en/lessons/batch_normalization?lr=7",
            "Learning rate is “7”, but must be a number from 0.0001 to 1. Try 1.",
        ),
        (
            "/zh/lessons/batch_normalization?depth=0",
            "「隐藏层数」现在是「0」，但只能取 1 到 16 之间的整数。可以试试 1。",
        ),
        (
            "/zh/lessons/batch_normalization?activation=rleu",
            "其中之一：tanh, relu, leaky_relu, sigmoid, selu",
        ),
        ("/en/lessons/batch_normalization?depht=2", "did you mean depth?"),
    ],
)
def test_a_link_that_is_not_allowed_says_so_and_does_not_start(client: TestClient, path: str, said: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'data-autorun="false"' in answer.text


def test_what_a_link_says_is_escaped(client: TestClient) -> None:
    page = client.get(f"{FLAGSHIP}?activation=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/en/lessons/nothing",
        "/en/nothing",
        "/zh/runs/0000/report",
        "/static/%2e%2e/cli.py",
        "/static/..%2fcli.py",
        "/fr/",
    ],
)
def test_what_is_not_there_is_a_page_that_leads_back(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert re.search(r'<a href="/(en|zh)/">', answer.text)
    assert words("zh" if path.startswith("/zh/") else "en")["not_found_text"] in answer.text


def test_every_answer_carries_a_strict_policy(client: TestClient) -> None:
    for path in ("/en/", FLAGSHIP, "/static/lesson.js", "/en/lessons/nothing", "/en/runs/x/events"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


def test_no_page_has_inline_script_or_style(client: TestClient) -> None:
    for path in ("/en/", FLAGSHIP, "/zh/lessons/batch_normalization?seed=1", "/en/lessons/nothing"):
        page = client.get(path).text
        for tag in re.findall(r"<script[^>]*>", page):
            assert "src=" in tag or 'type="application/json"' in tag
        assert "<style" not in page
        assert not re.search(r"<[^>]+ (style|on\w+)=", page)


def test_another_host_is_refused(client: TestClient) -> None:
    assert client.get("/en/", headers={"Host": "evil.example"}).status_code == 400


def test_another_site_cannot_press_run(client: TestClient) -> None:
    answer = client.post(f"{FLAGSHIP}/runs", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_a_large_body_is_refused(client: TestClient) -> None:
    assert client.post(f"{FLAGSHIP}/runs", json={"lr": "0" * BODY}).status_code == 413


def test_scripts_are_served_as_scripts(client: TestClient) -> None:
    answer = client.get("/static/vega.js")
    assert "vegaEmbed" in answer.text
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
