"""Two server processes on one database: sixty readers at once, and one process killed among its letters."""

import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update

from seelearn.discussion import comments, mailboxes
from seelearn.discussion.comments import Draft
from seelearn.discussion.database import Database
from seelearn.discussion.models import SENT, Author, Letter, Mailbox
from tests.conftest import environment, free_port
from tests.discussion.conftest import ADMIN, Post, bearer, course

SERVE = Path(__file__).with_name("serve.py")
Start = Callable[..., tuple[subprocess.Popen[bytes], str]]


@pytest.fixture
def start(tmp_path: Path, url: str) -> Iterator[Start]:
    """Return a function that starts a server process; it returns the process and its address."""
    course(tmp_path / "course")
    processes = []

    def run(*options: str, **more: str) -> tuple[subprocess.Popen[bytes], str]:
        port = free_port()
        command = [
            sys.executable,
            str(SERVE),
            str(tmp_path / "course"),
            str(tmp_path / "discussion"),
            str(port),
            *options,
        ]
        env = environment(SEELEARN_DATABASE=url, SEELEARN_ADMIN=ADMIN, **more)
        processes.append(subprocess.Popen(command, env=env))
        return processes[-1], f"http://127.0.0.1:{port}"

    yield run
    for process in processes:
        process.kill()
        process.wait()


def until_up(address: str) -> None:
    """Wait until a server answers."""
    for _ in range(200):
        try:
            httpx2.get(f"{address}/discussion/api/en/lessons/trial")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")


def test_sixty_who_post_at_once_each_get_their_own_comment(start: Start, url: str) -> None:
    servers = [start()[1] for _ in range(2)]  # both at once: one of them makes the tables
    for address in servers:
        until_up(address)
    keys = [secrets.token_urlsafe(32) for _ in range(60)]

    def post(number: int) -> dict[str, Any]:
        # Each comes from a network of its own; a proxy on this machine says so.
        headers = {**bearer(keys[number]), "X-Forwarded-For": f"10.0.{number}.1"}
        path = f"{servers[number % 2]}/discussion/api/en/lessons/trial/comments"
        given = {"name": f"Reader {number}", "text": f"This is from {number}."}
        answer = httpx2.post(path, json=given, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    with ThreadPoolExecutor(60) as threads:
        answers = list(threads.map(post, range(60)))
    assert len({answer["id"] for answer in answers}) == 60
    for number, answer in enumerate(answers):  # asked of the other server than the one that was written to
        me = f"{servers[(number + 1) % 2]}/discussion/api/en/me"
        (comment,) = httpx2.get(me, headers=bearer(keys[number])).json()["comments"]
        assert (comment["id"], comment["text"]) == (answer["id"], f"This is from {number}.")


def test_a_claimed_address_of_a_stranger_is_not_believed(start: Start) -> None:
    _, address = start(FORWARDED_ALLOW_IPS="192.0.2.1")
    until_up(address)
    path = f"{address}/discussion/api/en/preview"
    answers = [
        httpx2.post(path, json={"text": "x"}, headers={"X-Forwarded-For": f"10.0.{n}.1"}).status_code for n in range(61)
    ]
    assert answers == [200] * 60 + [429]


def test_a_killed_process_loses_no_letter_and_sends_none_twice(start: Start, url: str, mailserver: Post) -> None:
    count = 12
    fill_outbox(url, count)
    killed, _ = start("2", **mailserver.environment())
    _, other = start("2", **mailserver.environment())
    while len(mailserver.mails) < 3:
        time.sleep(0.01)
    killed.kill()
    until_up(other)
    database = Database(url)
    for _ in range(300):
        with database.read() as session:
            if session.scalar(select(func.count()).where(Letter.state == SENT)) == count:
                break
        time.sleep(0.1)
    database.close()
    sent = Counter(str(mail["Message-ID"]) for mail in mailserver.mails)
    assert len(sent) == count
    # What no client of SMTP can rule out: the one that was in hand, taken but not written down, under its own id.
    assert sum(sent.values()) <= count + 1
    assert {mail["To"] for mail in mailserver.mails} == {f"reader{n}@example.net" for n in range(count)}


def fill_outbox(url: str, count: int) -> None:
    """Put so many letters into the outbox, each for a reader of their own."""
    database = Database(url)
    database.migrate()
    with database.write() as session:
        teacher = comments.become_author(session, "teacher")
        session.execute(update(Author).where(Author.id == teacher.id).values(teacher=True, trusted=True))
        session.refresh(teacher)
        for n in range(count):
            reader = comments.become_author(session, f"reader {n}")
            reader.trusted = True
            mailboxes.bind(session, reader, f"reader{n}@example.net", "en")
            session.execute(update(Mailbox).values(confirmed=1))
            comment = comments.post(session, reader, Draft("trial", None, "en", "A", "B", None))
            comments.post(session, teacher, Draft("trial", comment.id, "en", "T", f"answer {n}", None))
        session.execute(Letter.__table__.delete().where(Letter.comment_id.is_(None)))  # type: ignore[attr-defined]
    database.close()
