"""A discussion of its own for each test, on SQLite and on a real PostgreSQL, with a real mail server beside it."""

import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from seelearn.discussion.app import Discussion
from seelearn.discussion.services import Services
from seelearn.engine.catalogue import Catalogue
from seelearn.site.security import Security
from tests.conftest import free_port, write_lesson

BASE = "http://127.0.0.1"
ADMIN = "a secret for moderators"
API = "/discussion/api/en"
THREAD = f"{API}/lessons/trial"


class Site:
    """A discussion under one lesson, `trial`, and a client that asks it."""

    def __init__(self, client: TestClient, discussion: Discussion) -> None:
        self.client = client
        self.services: Services = discussion._services
        self._signed: tuple[TestClient, str] | None = None

    def post(self, reader: str, said: str = "Hello", **more: Any) -> Any:
        """Post a comment; return the server's answer."""
        given = {"name": "Reader", "text": said, **more}
        return self.client.post(f"{THREAD}/comments", json=given, headers=bearer(reader))

    def posted(self, reader: str, said: str = "Hello", **more: Any) -> int:
        """Post a comment that is taken; return its number."""
        answer = self.post(reader, said, **more)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def shown(self, reader: str, said: str = "Hello", **more: Any) -> int:
        """Post a comment and have it approved; return its number."""
        number = self.posted(reader, said, **more)
        self.moderate("comments", number, "approve")
        return number

    def thread(self) -> list[dict[str, Any]]:
        """Return what everybody sees."""
        found: list[dict[str, Any]] = self.client.get(THREAD).json()["comments"]
        return found

    def me(self, reader: str) -> dict[str, Any]:
        """Return what the server keeps of a reader."""
        found: dict[str, Any] = self.client.get(f"{API}/me", headers=bearer(reader)).json()
        return found

    def moderator(self) -> tuple[TestClient, str]:
        """Return a client that has signed in, and the token of its forms."""
        # Over https, for a site that has it gives its cookie to nobody else.
        client = TestClient(
            self.client.app, base_url="https://127.0.0.1", client=("10.9.9.9", 1), follow_redirects=False
        )
        answer = client.post("/discussion/en/admin/login", data={"secret": ADMIN})
        assert answer.status_code == 303, answer.text
        found = re.search(r'name="token" value="(\w+)"', client.get("/discussion/en/admin").text)
        assert found is not None
        return client, found[1]

    def moderate(self, what: str, number: int, act: str) -> None:
        """Press a button on the moderators' page."""
        self._signed = self._signed or self.moderator()
        client, token = self._signed
        answer = client.post(f"/discussion/en/admin/{what}/{number}", data={"token": token, "do": act})
        assert answer.status_code == 303, answer.text

    def bind(self, reader: str, address: str, language: str = "en") -> Any:
        """Ask for mail at an address."""
        path = f"/discussion/api/{language}/me/mailbox"
        return self.client.put(path, json={"address": address}, headers=bearer(reader))


def bearer(reader: str) -> dict[str, str]:
    """The header by which a reader is known."""
    return {"Authorization": f"Bearer {reader}"}


@pytest.fixture
def reader() -> Callable[[], str]:
    """Return a function that makes the key of a new reader."""
    return lambda: secrets.token_urlsafe(32)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of our own, on a socket; without one these tests are skipped, but never in CI."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        assert "CI" not in os.environ, "CI must install PostgreSQL"
        pytest.skip("no PostgreSQL: install it to run these tests")
    tools = Path(found).parent
    folder = Path(tempfile.mkdtemp(prefix="seelearn-postgres-"))
    become: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        become = ["runuser", "-u", "postgres", "--"]

    def tool(name: str, *options: str) -> None:
        command = [*become, str(tools / name), "-D", str(folder / "data"), *options]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    tool("initdb", "--auth=trust", "--username=seelearn", "--encoding=UTF8", "--no-sync")
    tool("pg_ctl", "--wait", "--log", str(folder / "log"), "-o", f"-F -k {folder} -c listen_addresses=''", "start")
    yield f"postgresql://seelearn@/postgres?host={folder}"
    tool("pg_ctl", "--wait", "--mode=immediate", "stop")
    shutil.rmtree(folder)


def new_database(server: str) -> str:
    """Make a database on a PostgreSQL server; return its address."""
    name = f"test_{secrets.token_hex(6)}"
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.sqlite'}"
    return new_database(request.getfixturevalue("postgres"))


class Post:
    """A mail server on this machine that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.refusal = ""
        self.port = free_port()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail, or refuse it."""
        if self.refusal:
            return self.refusal
        self.raw.append(envelope.content)
        mail = BytesParser(policy=policy.default).parsebytes(envelope.content)
        mail["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        self.mails.append(mail)
        return "250 taken"

    def environment(self) -> dict[str, str]:
        """How a server is told of it."""
        return {
            "SEELEARN_SMTP_HOST": "127.0.0.1",
            "SEELEARN_SMTP_PORT": str(self.port),
            "SEELEARN_SMTP_TLS": "none",
            "SEELEARN_SMTP_FROM": "Course <course@example.org>",
            "SEELEARN_URL": "https://course.example",
        }


@pytest.fixture
def mailserver() -> Iterator[Post]:
    """A mail server that runs."""
    kept = Post()
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port)
    controller.start()
    yield kept
    controller.stop()


def course(folder: Path) -> Catalogue:
    """Return a course of one lesson, `trial`, whose title tries to break out of a mail's header."""
    lesson = write_lesson(folder, "trial", "pass")
    toml = lesson.folder / "lesson.toml"
    words = toml.read_text(encoding="utf-8")
    toml.write_text(
        words.replace('en = "Trial"', r'en = "Trial\nBcc: all@example.org =?utf-8?q?=0ABcc:all@example.org?="', 1),
        encoding="utf-8",
    )
    return Catalogue(folder)


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Site]]:
    """Return a function that starts a discussion in an environment."""
    clients: list[TestClient] = []

    def start(**environment: str) -> Site:
        for name, value in {"SEELEARN_ADMIN": ADMIN, **environment}.items():
            monkeypatch.setenv(name, value)
        discussion = Discussion(course(tmp_path / f"course{len(clients)}"), tmp_path / "discussion")
        app = FastAPI()
        app.add_middleware(Security, guests=discussion.guests)
        discussion.join(app)
        client = TestClient(app, base_url=BASE, client=("10.0.0.1", 1), follow_redirects=False)
        client.__enter__()
        clients.append(client)
        return Site(client, discussion)

    yield start
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def site(build: Callable[..., Site], url: str) -> Site:
    """A discussion without mail, on both databases."""
    return build(SEELEARN_DATABASE=url)


@pytest.fixture
def mailing(build: Callable[..., Site], url: str, mailserver: Post) -> Site:
    """A discussion with mail, on both databases."""
    return build(SEELEARN_DATABASE=url, **mailserver.environment())
