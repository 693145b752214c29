"""A site with the real course, and one with a lesson that takes its time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from tests.conftest import COURSE, write_lesson

from seelearn.engine.catalogue import Catalogue
from seelearn.site.app import create_app
from seelearn.site.settings import Settings

BASE = "http://127.0.0.1"
FLAGSHIP = "/en/lessons/batch_normalization"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the site records."""
    return tmp_path_factory.mktemp("site") / "runs"


@pytest.fixture(scope="module")
def client(runs: Path) -> Iterator[TestClient]:
    """The course's own site."""
    with TestClient(create_app(COURSE, runs), base_url=BASE, follow_redirects=False) as client:
        yield client


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[TestClient]:
    """A site with one lesson, `trial`, that takes 10 ms a step."""
    write_lesson(tmp_path / "course", "trial", "sum(range(100_000)); time.sleep(0.01)")
    app = create_app(Catalogue(tmp_path / "course"), tmp_path / "runs", Settings(workers=2, grace=120))
    with TestClient(app, base_url=BASE) as client:
        yield client


def start(client: httpx2.Client, given: dict[str, Any], lesson: str = FLAGSHIP) -> str:
    """Press Run as a visitor who has not been here before; return the run's address."""
    client.cookies.clear()
    answer = client.post(f"{lesson}/runs", json=given)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["run"])


def events(client: httpx2.Client, run: str, after: int | None = None) -> list[dict[str, Any]]:
    """Return all that a viewer of a run is sent: each message's id, name and data."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    text = client.get(f"{run}/events", headers=headers).text
    messages = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            messages.append({**fields, "data": json.loads(fields["data"])})
    return messages
