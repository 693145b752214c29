"""The discussion under a lesson, in a real browser."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from tests.browser.conftest import address_of, serving
from tests.conftest import free_port, write_lesson

from seelearn import assets
from seelearn.discussion.words import words

EN = words("en", "script")
ATTACK = """<img src=x onerror=alert(1)> [x](javascript:alert(1)) `<script>alert(1)</script>`"""


class Course:
    """A small course that is served, and its moderator."""

    def __init__(self, place: Path, address: str) -> None:
        self.lesson = f"{address}/en/lessons/trial"
        self.admin = f"{address}/discussion/en/admin"
        self.address = address
        self._secret = place / "discussion" / "admin"

    def approve(self, browser: Browser) -> None:
        """Approve all that waits, as a moderator does."""
        page = browser.new_page()
        page.goto(self.admin)
        page.get_by_label("Admin secret").fill(self._secret.read_text().strip())
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Waiting").wait_for()
        while page.get_by_role("button", name="Approve").count():
            page.get_by_role("button", name="Approve").first.click()
        page.close()


@pytest.fixture
def elsewhere() -> int:
    """The port of a host that carries a static edition."""
    return free_port()


@pytest.fixture
def taught(tmp_path: Path, elsewhere: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    """A course of one quick lesson; a page at `elsewhere` may speak to its discussion."""
    monkeypatch.setenv("SEELEARN_ORIGINS", f"http://localhost:{elsewhere}")
    write_lesson(tmp_path / "course", "trial", "pass")
    with serving(tmp_path, "--lessons", "course") as process:
        yield Course(tmp_path, address_of(process))


def write(page: Page, name: str, text: str) -> None:
    """Write a comment with the keyboard alone."""
    page.get_by_label(EN["name"]).first.focus()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_a_reader_writes_and_others_answer(page: Page, chromium: Browser, taught: Course) -> None:
    page.goto(taught.lesson)
    write(page, "Ada", "What is **dead**?")
    expect(page.get_by_role("status").last).to_have_text(EN["queued"])
    expect(page.locator(".waits")).to_have_text(EN["waiting"])
    expect(page.locator(".said strong")).to_have_text("dead")
    taught.approve(chromium)
    page.reload()
    expect(page.locator("#comment-1 .said strong")).to_have_text("dead")
    expect(page.locator("#comment-1").get_by_role("button", name="Helpful")).to_have_count(0)  # it is one's own

    other = chromium.new_context(locale="zh").new_page()
    other.goto(taught.lesson.replace("/en/", "/zh/"))
    vote = other.get_by_role("button", name="有帮助")
    vote.click()
    expect(vote).to_have_text("▲ 1 有帮助")
    expect(vote).to_have_attribute("aria-pressed", "true")
    other.locator("#comment-1").get_by_role("button", name="回复").click()
    form = other.locator("#comment-1 form")
    expect(form.get_by_label("留言")).to_be_focused()
    form.get_by_label("留言").fill("一直输出 0 的神经元。")
    form.get_by_label("称呼").fill("小林")
    form.get_by_role("button", name="预览").click()
    expect(form.locator(".preview p")).to_have_text("一直输出 0 的神经元。")
    form.get_by_role("button", name="发表").click()
    expect(other.locator(".waits")).to_be_visible()
    other.context.close()
    taught.approve(chromium)
    page.reload()
    expect(page.locator(".comment.depth-1 .said")).to_have_text("一直输出 0 的神经元。")
    page.get_by_label(EN["show"]).select_option("en")
    expect(page.locator(".comment.depth-1")).to_be_hidden()


def test_a_reader_edits_takes_along_and_erases(page: Page, chromium: Browser, taught: Course) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(taught.lesson)
    write(page, "Ada", "Teh end")
    expect(page.locator(".waits")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    page.locator(".comments textarea").fill("The end")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".comments")).to_contain_text("The end")
    page.get_by_text(EN["mine"]).click()
    expect(page.get_by_text(EN["mail_off"])).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=EN["export"]).click()
    taken = json.loads(download.value.path().read_text())
    assert [comment["text"] for comment in taken["comments"]] == ["The end"]
    page.get_by_role("button", name=EN["erase"]).click()
    expect(page.get_by_text(EN["erased"])).to_be_visible()
    expect(page.locator(".comment")).to_have_count(0)


def test_nothing_that_is_typed_acts(page: Page, chromium: Browser, taught: Course) -> None:
    acted: list[str] = []

    def note(dialog: Dialog) -> None:
        acted.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.goto(taught.lesson)
    write(page, ATTACK[:40], ATTACK)
    expect(page.locator(".waits")).to_be_visible()
    taught.approve(chromium)
    page.reload()
    expect(page.locator(".said")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator(".comments").locator("img, script, a[href^=javascript]").count() == 0
    expect(page.locator(".who strong")).to_have_text(ATTACK[:40])
    assert acted == []  # and the fixture sees to it that no policy had to step in


def test_a_run_goes_along_and_opens_at_its_step(page: Page, chromium: Browser, taught: Course) -> None:
    page.goto(taught.lesson)
    page.get_by_role("button", name=EN["attach"]).click()
    expect(page.get_by_text(EN["nothing"])).to_be_visible()
    page.get_by_label("Steps").fill("5")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_selector("html[data-run=ended]", timeout=60_000)
    page.locator("#now").fill("2")
    page.get_by_role("button", name=EN["attach"]).click()
    expect(page.get_by_text(EN["attached"])).to_be_visible()
    write(page, "Ada", "Look")
    expect(page.locator(".waits")).to_be_visible()
    taught.approve(chromium)
    other = chromium.new_page()
    other.goto(taught.lesson)
    other.get_by_role("link", name=re.compile("Steps 5 · Random seed 0")).click()
    other.wait_for_url(re.compile(r"\?n=5&seed=0#epoch-2$"))
    expect(other.locator("#step")).to_have_text("2 / 5", timeout=60_000)
    other.close()


def test_a_static_edition_elsewhere_speaks_to_it(page: Page, taught: Course, elsewhere: int, tmp_path: Path) -> None:
    edition = tmp_path / "edition"
    shutil.copytree(assets.STATIC, edition / "static")
    page_of_it = f'<!doctype html><html lang="en"><link rel="icon" href="data:,"><script type="module" src="static/discussion.js"></script><section id="discussion" class="discussion" data-server="{taught.address}" data-lesson="trial" data-language="en" data-lost="lost"></section>'
    (edition / "index.html").write_text(page_of_it)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    host = ThreadingHTTPServer(("127.0.0.1", elsewhere), partial(Quiet, directory=str(edition)))
    threading.Thread(target=host.serve_forever, daemon=True).start()
    page.goto(f"http://localhost:{elsewhere}/")
    write(page, "Ada", "From elsewhere")
    expect(page.locator(".waits")).to_be_visible()
    host.shutdown()
    host.server_close()


def test_it_fits_in_light_and_dark(page: Page, chromium: Browser, taught: Course, pictures: Path | None) -> None:
    page.goto(taught.lesson)
    write(page, "W" * 40, "`" + "long" * 300 + "`")
    expect(page.locator(".waits")).to_be_visible()
    taught.approve(chromium)
    for language, width, light in (
        ("zh", 390, "dark"),
        ("en", 390, "light"),
        ("zh", 1280, "light"),
        ("en", 1280, "dark"),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=light)  # type: ignore[arg-type]
        page.goto(taught.lesson.replace("/en/", f"/{language}/"))
        expect(page.locator("#comment-1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if pictures:
            page.locator("#discussion").screenshot(path=pictures / f"discussion-{language}-{width}.png")
