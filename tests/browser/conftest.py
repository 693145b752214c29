"""A real server and a real browser."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from tests.conftest import SEELEARN, environment, free_port
from tests.measured import write_course

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium; without one these tests are skipped, but never in CI."""
    if CHROMIUM is None:
        assert "CI" not in os.environ, "CI must install Chromium"
        pytest.skip("no Chromium: install it to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def serving(place: Path, *options: str, workers: int = 2) -> Iterator[subprocess.Popen[str]]:
    """Run `seelearn serve` in a folder, on a port that is free."""
    process = subprocess.Popen(
        [*SEELEARN, *options, "serve", "--workers", str(workers), "--port", str(free_port())],
        cwd=place,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.terminate()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()


def address_of(server: subprocess.Popen[str]) -> str:
    """Return a server's address, as it prints it."""
    assert server.stdout is not None
    found = re.search(r"http://[\d.:]+", server.stdout.readline())
    assert found is not None
    return found[0]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The course."""
    with serving(tmp_path_factory.mktemp("serve")) as process:
        yield process


@pytest.fixture(scope="session")
def address(server: subprocess.Popen[str]) -> str:
    """Where the course is."""
    return address_of(server)


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a small course with evidence and a map."""
    place = tmp_path_factory.mktemp("measured")
    write_course(place / "course")
    with serving(place, "--lessons", "course") as process:
        yield address_of(process)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page; anything that it writes to its console fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    expected = "Failed to load resource: the server responded with a status of 400"
    assert [text for text in said if expected not in text] == []


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where to leave screenshots for a person to look at: $SCREENSHOTS, if set."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None
