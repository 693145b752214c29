"""More readers than workers, in Chromium: what each is shown while others run."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import address_of, serving
from tests.conftest import write_lesson

pytestmark = pytest.mark.browser

Reader = Callable[..., Page]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a lesson that takes 10 ms a step, on a site with one worker."""
    place = tmp_path_factory.mktemp("queue")
    write_lesson(place / "course", "trial", "time.sleep(0.01)")
    with serving(place, "--lessons", "course", workers=1) as process:
        yield f"{address_of(process)}/{{}}/lessons/trial?n={{}}&seed={{}}"


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Reader]:
    """Return a function that opens an empty page as somebody of his own, with his own cookies."""
    contexts = []

    def open_page(width: int = 1280) -> Page:
        contexts.append(chromium.new_context(viewport={"width": width, "height": 844}))
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()


def test_who_waits_sees_the_place_and_gets_the_worker_when_the_other_goes(
    reader: Reader, trial: str, pictures: Path | None
) -> None:
    first, second, phone = reader(), reader(), reader(390)
    first.goto(trial.format("en", 100_000, 1))
    expect(first.locator("#status")).to_have_text("Running …", timeout=60_000)
    second.goto(trial.format("en", 100, 2))
    expect(second.locator("#status")).to_have_text(re.compile(r"^Yours is next, in about \d+ s …$"))
    phone.goto(trial.format("zh", 100, 3))
    expect(phone.locator("#status")).to_have_text(re.compile(r"^前面还有 1 个实验，大约再等 \d+ 秒……$"))
    if pictures:
        second.screenshot(path=pictures / "waiting-desk.png")
        phone.screenshot(path=pictures / "waiting-phone.png")
    first.context.close()  # the last viewer of the long run: it is stopped, and the queue moves up
    expect(second.locator("#status")).to_have_text("Finished.", timeout=60_000)
    expect(phone.locator("#status")).to_have_text("完成。", timeout=60_000)


def test_a_second_run_of_one_reader_stops_the_first_and_its_page_says_so(reader: Reader, trial: str) -> None:
    tab = reader()
    tab.goto(trial.format("zh", 100_000, 11))
    expect(tab.locator("#status")).to_have_text("正在运行……", timeout=60_000)
    other = tab.context.new_page()
    other.goto(trial.format("zh", 50, 12))
    expect(tab.locator("#error")).to_have_text("你开始了另一个实验，这一个就停下了。")
    expect(other.locator("#status")).to_have_text("完成。", timeout=60_000)


def test_a_waiting_run_can_be_stopped_at_the_page(reader: Reader, trial: str) -> None:
    busy, waits = reader(), reader()
    busy.goto(trial.format("en", 100_000, 21))
    expect(busy.locator("#status")).to_have_text("Running …", timeout=60_000)
    waits.goto(trial.format("en", 100_000, 22))
    expect(waits.locator("#status")).to_contain_text("Yours is next")
    waits.get_by_role("button", name="Stop").click()
    expect(waits.locator("#error")).to_contain_text("Stopped")
    expect(busy.locator("#status")).to_have_text("Running …")
