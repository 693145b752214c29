"""The moderators' page: who gets in, what its forms need, what its buttons do."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from seelearn.discussion.models import Author
from tests.discussion.conftest import ADMIN, API, THREAD, Site, bearer

Reader = Callable[[], str]
PAGE = "/discussion/en/admin"


def stranger(site: Site) -> TestClient:
    """Return a client without a session."""
    return TestClient(site.client.app, base_url="https://127.0.0.1", client=("10.5.5.5", 1), follow_redirects=False)


def test_strangers_see_a_form_for_the_secret_and_nothing_else(site: Site, reader: Reader) -> None:
    site.posted(reader(), "waits in secret")
    page = stranger(site).get(PAGE).text
    assert 'type="password"' in page
    assert "waits in secret" not in page
    assert stranger(site).get(f"{PAGE}/export").status_code == 403


@pytest.mark.parametrize("secret", ["", "wrong", ADMIN + " ", "é"])
def test_another_secret_opens_nothing(site: Site, secret: str) -> None:
    answer = stranger(site).post(f"{PAGE}/login", data={"secret": secret})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_cookie_is_for_this_site_only_and_no_script(site: Site) -> None:
    cookie = stranger(site).post(f"{PAGE}/login", data={"secret": ADMIN}).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/discussion"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "how", ["no token", "wrong token", "another session's token", "no session", "forged session", "another site"]
)
def test_no_button_works_without_its_own_pages_token(site: Site, reader: Reader, how: str) -> None:
    number = site.posted(reader())
    client, token = site.moderator()
    form, headers = {"token": token, "do": "approve"}, {}
    match how:
        case "no token":
            del form["token"]
        case "wrong token":
            form["token"] = "0" * 64
        case "another session's token":
            form["token"] = site.moderator()[1]
        case "no session":
            client = stranger(site)
        case "forged session":
            client = stranger(site)
            headers = {"Cookie": "seelearn_moderator=IngI.AAAA.AAAA"}
        case _:
            headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in (f"comments/{number}", "authors/1", "logout"):
        assert client.post(f"{PAGE}/{path}", data=form, headers=headers).status_code == 403
    assert site.thread() == []


def test_another_admin_secret_ends_all_sessions(site: Site, build: Callable[..., Site], url: str) -> None:
    client, _ = site.moderator()
    cookie = client.cookies["seelearn_moderator"]
    changed = build(SEELEARN_DATABASE=url, SEELEARN_ADMIN="quite another secret")
    answer = changed.client.get(PAGE, headers={"Cookie": f"seelearn_moderator={cookie}"})
    assert 'type="password"' in answer.text


def test_signing_out_ends_it_in_this_browser(site: Site) -> None:
    client, token = site.moderator()
    assert client.post(f"{PAGE}/logout", data={"token": token}).status_code == 303
    assert 'type="password"' in client.get(PAGE).text


def test_the_queue_shows_what_waits_with_its_run(site: Site, reader: Reader) -> None:
    number = site.posted(reader(), "**Look**", run={"parameters": {"n": 5}, "epoch": 2})
    client, _ = site.moderator()
    page = client.get("/discussion/zh/admin").text
    assert "<strong>Look</strong>" in page
    assert 'href="/zh/lessons/trial?n=5&amp;seed=0#epoch-2"' in page
    assert f'action="/discussion/zh/admin/comments/{number}"' in page


def test_a_moderator_deletes_for_good(site: Site, reader: Reader) -> None:
    number = site.shown(reader(), "spam")
    site.moderate("comments", number, "delete")
    assert site.thread() == []
    client, token = site.moderator()
    assert client.post(f"{PAGE}/comments/{number}", data={"token": token, "do": "approve"}).status_code == 404


def test_who_is_blocked_writes_nothing_more_until_unblocked(site: Site, reader: Reader) -> None:
    spammer = reader()
    shown, waits = site.shown(spammer, "was fine"), site.posted(spammer, "https://spam.example")
    author = _author(site)
    site.moderate("authors", author, "block")
    assert [c["id"] for c in site.me(spammer)["comments"]] == [shown]
    assert waits not in [c["id"] for c in site.thread()]
    assert site.post(spammer).status_code == 403
    assert site.client.put(f"{API}/comments/{shown}/vote", headers=bearer(spammer)).status_code == 403
    assert site.bind(spammer, "a@example.net").status_code in (403, 409)
    site.moderate("authors", author, "unblock")
    assert site.post(spammer).json()["state"] == "waiting"  # from the start again


def test_the_courses_author_is_named_and_needs_no_approval(site: Site, reader: Reader) -> None:
    teacher = reader()
    site.shown(teacher, "Welcome")
    assert site.thread()[0]["teacher"] is False
    site.moderate("authors", _author(site), "teacher")
    assert site.post(teacher, "see https://example.org").json()["state"] == "shown"
    assert [c["teacher"] for c in site.thread()] == [True, True]
    site.moderate("authors", _author(site), "reader")
    assert site.post(teacher, "see https://example.org").json()["state"] == "waiting"


def test_the_export_holds_every_comment_and_nobodys_key(site: Site, reader: Reader) -> None:
    ada = reader()
    site.shown(ada, "one")
    site.posted(reader(), "two")
    client, _ = site.moderator()
    found = client.get(f"{PAGE}/export").json()["comments"]
    assert [(c["text"], c["state"]) for c in found] == [("one", "shown"), ("two", "waiting")]
    assert ada not in str(found)
    assert "token" not in str(found)


def test_old_comments_are_pages_away(site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    from seelearn.discussion import moderation

    monkeypatch.setattr(moderation, "SHOWN_AT_ONCE", 2)
    ada = reader()
    numbers = [site.shown(ada, "1"), *(site.posted(ada, str(n)) for n in (2, 3))]
    client, _ = site.moderator()
    first = client.get(PAGE).text
    assert re.findall(r'id="comment-(\d+)"', first) == [str(n) for n in numbers[:0:-1]]
    (older,) = re.findall(r'href="(\?before=\d+)"', first)
    assert re.findall(r'id="comment-(\d+)"', client.get(PAGE + older).text) == [str(numbers[0])]
    assert client.get(f"{PAGE}?before={2**31}").status_code == 422


def test_a_page_of_another_site_writes_nothing_unless_it_is_invited(build: Callable[..., Site], reader: Reader) -> None:
    site = build(SEELEARN_ORIGINS="https://mirror.example https://second.example")
    given = {"name": "A", "text": "B"}
    for origin, status in (("https://mirror.example", 201), ("https://evil.example", 403), ("null", 403)):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", **bearer(reader())}
        asked = {
            **headers,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        preflight = site.client.options(f"{THREAD}/comments", headers=asked)
        answer = site.client.post(f"{THREAD}/comments", json=given, headers=headers)
        read = site.client.get(THREAD, headers=headers)
        assert answer.status_code == status
        invited = origin if status == 201 else None
        assert preflight.headers.get("access-control-allow-origin") == invited
        assert read.headers.get("access-control-allow-origin") == invited
        assert "access-control-allow-credentials" not in preflight.headers
    away = {"Origin": "https://mirror.example", "Sec-Fetch-Site": "cross-site"}
    assert site.client.post(f"{PAGE}/login", data={"secret": ADMIN}, headers=away).status_code == 403


def _author(site: Site) -> int:
    """Return the number of the only author."""
    with site.services.database.read() as session:
        return session.scalars(select(Author.id)).one()
