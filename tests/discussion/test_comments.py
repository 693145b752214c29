"""Writing, reading, voting, editing, deleting: what a reader gets, on both databases."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text, update

from seelearn.discussion.comments import WINDOW
from seelearn.discussion.models import Base, Comment
from tests.discussion.conftest import API, THREAD, Site, bearer

Reader = Callable[[], str]


def test_a_first_comment_waits_and_then_its_author_is_trusted(site: Site, reader: Reader) -> None:
    ada = reader()
    answer = site.post(ada, "What is *dead*?", name="Ada")
    assert (answer.status_code, answer.json()["state"]) == (201, "waiting")
    assert site.thread() == []
    assert [c["text"] for c in site.me(ada)["comments"]] == ["What is *dead*?"]
    site.moderate("comments", answer.json()["id"], "approve")
    (comment,) = site.thread()
    assert (comment["name"], comment["html"]) == ("Ada", "<p>What is <em>dead</em>?</p>\n")
    assert site.post(ada, "Thanks").json()["state"] == "shown"
    assert site.post(reader(), "Me too").json()["state"] == "waiting"


@pytest.mark.parametrize("said", ["see https://example.org", "see www.example.org", "[x](/en/)", "<ftp://example.org>"])
def test_a_link_always_waits(site: Site, reader: Reader, said: str) -> None:
    ada = reader()
    site.shown(ada)
    assert site.post(ada, said).json()["state"] == "waiting"
    assert site.post(ada, "Plain", name="www.example.org").json()["state"] == "waiting"


def test_an_edit_that_adds_a_link_waits_again(site: Site, reader: Reader) -> None:
    ada = reader()
    number = site.shown(ada)
    answer = site.client.patch(f"{API}/comments/{number}", json={"text": "buy https://x.example"}, headers=bearer(ada))
    assert answer.json()["state"] == "waiting"
    assert site.thread() == []


def test_answers_stand_below_and_go_no_deeper_than_three(site: Site, reader: Reader) -> None:
    ada = reader()
    number = first = site.shown(ada, "0")
    for depth in range(1, 6):
        number = site.posted(ada, str(depth), parent=number)
    site.posted(ada, "beside", parent=first)
    shown = [(c["html"][3:-5], c["depth"]) for c in site.thread()]
    assert shown == [("0", 0), ("1", 1), ("2", 2), ("3", 3), ("4", 3), ("5", 3), ("beside", 1)]


def test_an_answer_needs_a_comment_that_is_shown_in_the_same_lesson(site: Site, reader: Reader) -> None:
    ada = reader()
    waiting = site.posted(ada)
    for parent in (waiting, 999_999):
        assert site.post(ada, parent=parent).status_code == 409


def test_only_the_author_edits_and_only_for_a_while(site: Site, reader: Reader) -> None:
    ada, other = reader(), reader()
    number = site.shown(ada, "Teh")
    path, new = f"{API}/comments/{number}", {"text": "The"}
    assert site.client.patch(path, json=new, headers=bearer(other)).status_code == 404
    assert site.client.delete(path, headers=bearer(other)).status_code == 404
    assert site.client.patch(path, json=new, headers=bearer(ada)).status_code == 200
    (comment,) = site.thread()
    assert comment["html"] == "<p>The</p>\n"
    assert comment["edited"] >= comment["created"]
    with site.services.database.write() as session:
        session.execute(update(Comment).values(created=int(time.time()) - WINDOW - 1))
    late = site.client.patch(path, json={"text": "Then"}, headers=bearer(ada))
    assert late.status_code == 409
    assert "15 minutes" in late.json()["error"]


def test_a_vote_counts_once_and_can_be_taken_back(site: Site, reader: Reader) -> None:
    ada, other = reader(), reader()
    number, second = site.shown(ada, "first"), site.posted(ada, "second")
    path = f"{API}/comments/{second}/vote"
    assert site.client.put(path, headers=bearer(ada)).status_code == 409
    for _ in range(2):
        assert site.client.put(path, headers=bearer(other)).json() == {"votes": 1}
    assert [c["id"] for c in site.thread()] == [second, number]
    assert site.me(other)["votes"] == [second]
    assert site.client.delete(path, headers=bearer(other)).json() == {"votes": 0}
    assert [c["id"] for c in site.thread()] == [number, second]


def test_what_is_deleted_is_nowhere_in_the_database(site: Site, reader: Reader) -> None:
    ada, other = reader(), reader()
    number = site.shown(ada, "a-secret-word", name="a-secret-name", run={"parameters": {"n": 77_777}})
    answer = site.shown(other, "an answer", parent=number)
    assert site.client.delete(f"{API}/comments/{number}", headers=bearer(ada)).status_code == 204
    place, below = site.thread()
    assert (place["shown"], below["html"]) == (False, "<p>an answer</p>\n")
    assert set(place) == {"id", "parent", "depth", "shown"}
    assert "a-secret" not in _everything(site)
    assert "77777" not in _everything(site)
    assert site.client.delete(f"{API}/comments/{answer}", headers=bearer(other)).status_code == 204
    assert site.thread() == []
    with site.services.database.read() as session:  # the empty place is not needed any more
        assert session.scalars(select(Comment)).all() == []


def test_not_even_the_bytes_of_sqlites_files_hold_it(
    build: Callable[..., Site], tmp_path: Path, reader: Reader
) -> None:
    site = build(SEELEARN_DATABASE=f"sqlite:///{tmp_path / 'bytes.sqlite'}")
    ada = reader()
    secret = "a-secret-word " * 300
    number = site.posted(ada, secret.strip())
    assert b"a-secret-word" in _bytes(tmp_path)
    site.client.delete(f"{API}/comments/{number}", headers=bearer(ada))
    assert b"a-secret-word" not in _bytes(tmp_path)


def test_a_number_is_never_given_again(site: Site, reader: Reader) -> None:
    ada = reader()
    number = site.posted(ada)
    site.client.delete(f"{API}/comments/{number}", headers=bearer(ada))
    assert site.posted(ada) > number


def test_a_reader_takes_everything_along_and_leaves_nothing(site: Site, reader: Reader) -> None:
    ada, other = reader(), reader()
    kept, answered = site.shown(other, "kept"), site.shown(ada, "mine, answered")
    site.posted(ada, "mine, waits, https://x.example")
    site.posted(other, "an answer", parent=answered)
    site.client.put(f"{API}/comments/{kept}/vote", headers=bearer(ada))
    mine = site.me(ada)
    assert [c["text"] for c in mine["comments"]] == ["mine, answered", "mine, waits, https://x.example"]
    assert mine["votes"] == [kept]
    assert site.client.delete(f"{API}/me", headers=bearer(ada)).status_code == 204
    assert site.me(ada) == {"comments": [], "votes": [], "mailboxes": []}
    assert [(c["shown"], c.get("votes")) for c in site.thread()] == [(True, 0), (False, None), (True, 0)]
    assert "mine" not in _everything(site)


def test_a_run_goes_along_and_opens_from_the_page(site: Site, reader: Reader) -> None:
    site.shown(reader(), run={"parameters": {"n": "5", "seed": "7"}, "epoch": 4})
    (comment,) = site.thread()
    assert comment["run"] == {"address": "?n=5&seed=7#epoch-4", "label": "Steps 5 · Random seed 7 · Step 4"}


@pytest.mark.parametrize(
    "run",
    [
        {"parameters": {"n": "0"}},
        {"parameters": {"m": "1"}},
        {"parameters": {"n": "javascript:alert(1)"}},
        {"parameters": {"framework": "../../etc"}},
        {"parameters": {}, "epoch": -1},
        {"parameters": {}, "address": "https://example.org"},
        {"parameters": {"n": None}},
        "https://example.org",
    ],
)
def test_a_run_that_the_lesson_does_not_allow_is_refused(site: Site, reader: Reader, run: object) -> None:
    answer = site.post(reader(), run=run)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "given",
    [
        {"name": "x" * 41}, {"name": " "}, {"name": "\u202e"}, {"text": "x" * 5001}, {"text": " \n\x00"},
        {"website": "x" * 201}, {"parent": 2**63}, {"parent": "1; DROP TABLE comments"}, {"more": 1},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_not_kept(site: Site, reader: Reader, given: dict[str, object]) -> None:
    ada = reader()
    whole = {"name": "Reader", "text": "Hello", **given}
    answer = site.client.post(f"{THREAD}/comments", json=whole, headers=bearer(ada))
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]
    assert site.me(ada)["comments"] == []


def test_a_robot_that_fills_the_hidden_field_is_not_kept(site: Site, reader: Reader) -> None:
    robot = reader()
    assert site.post(robot, website="https://spam.example").status_code == 201
    assert site.me(robot)["comments"] == []


@pytest.mark.parametrize(
    "header", ["", "Bearer short", "Basic " + "a" * 43, "Bearer " + "a" * 200, "Bearer " + "é" * 43]
)
def test_without_a_key_nothing_is_written(site: Site, header: str) -> None:
    answer = site.client.post(
        f"{THREAD}/comments", json={"name": "A", "text": "B"}, headers={b"Authorization": header.encode("latin-1")}
    )
    assert answer.status_code == 401


def test_refusals_are_in_the_readers_language(site: Site, reader: Reader) -> None:
    answer = site.client.put("/discussion/api/zh/comments/5/vote", headers=bearer(reader()))
    assert answer.json() == {"error": "没有这条留言，或者它还没有显示。"}
    assert site.client.get("/discussion/api/zh/lessons/nothing").status_code == 404


def test_the_feed_holds_what_is_shown(site: Site, reader: Reader) -> None:
    from xml.etree import ElementTree

    site.shown(reader(), "**A** <b> ]]> & \ufffe", name='<A "&">')
    site.posted(reader(), "waits")
    answer = site.client.get("/discussion/zh/lessons/trial/feed")
    assert answer.headers["content-type"] == "application/atom+xml"
    atom = "{http://www.w3.org/2005/Atom}"
    (entry,) = ElementTree.fromstring(answer.text).findall(f"{atom}entry")
    assert entry.findtext(f"{atom}title") == '<A "&">'
    assert "<strong>A</strong> &lt;b&gt;" in (entry.findtext(f"{atom}content") or "")


def _everything(site: Site) -> str:
    """Return every row of every table."""
    with site.services.database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        assert set(Base.metadata.tables) < set(tables)
        return str([connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables])


def _bytes(folder: Path) -> bytes:
    files = [path.read_bytes() for path in folder.glob("bytes.sqlite*")]
    assert files
    assert sqlite3.connect(folder / "bytes.sqlite").execute("PRAGMA journal_mode").fetchone() == ("wal",)
    return b"".join(files)
