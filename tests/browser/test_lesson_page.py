"""A learner at the lesson's page, in Chromium."""

import hashlib
import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.conftest import busy_worker

LESSON = "/lessons/batch_normalization"
pytestmark = pytest.mark.browser


def picture(page: Page, chart: str) -> str:
    """Return a fingerprint of the pixels of a chart."""
    canvas = page.locator(f"figure[data-chart={chart}] canvas")
    data: str = canvas.evaluate("canvas => canvas.toDataURL()")
    return hashlib.sha256(data.encode()).hexdigest()


def wait_for_end(page: Page) -> None:
    page.wait_for_selector("html[data-run=ended]", timeout=90_000)
    last = page.locator("#now").get_attribute("max")
    wait_for_step(page, last or "0")


def wait_for_step(page: Page, step: str) -> None:
    """Wait until the charts have been drawn at this step, and the drawing has come to rest."""
    page.wait_for_selector(f"html[data-drawn='{step}'][data-drawing=no]", timeout=20_000)


def go_to_step(page: Page, step: int) -> None:
    page.locator("#now").fill(str(step))
    wait_for_step(page, str(step))


def test_press_run_see_bars_change_and_slide_back(page: Page, address: str) -> None:
    page.goto(f"{address}/en{LESSON}")
    expect(page.locator("figure[data-chart=layers]")).to_be_hidden()
    page.get_by_role("button", name="Run").click()
    wait_for_end(page)
    expect(page.locator("#status")).to_have_text("Finished.")
    expect(page.locator("#result")).to_contain_text("In this run the test loss is")
    expect(page.locator("#step")).to_have_text("12 / 12")
    seen = {12: picture(page, "layers")}
    for step in (0, 6):
        go_to_step(page, step)
        seen[step] = picture(page, "layers")
    assert len(set(seen.values())) == 3
    go_to_step(page, 12)
    assert picture(page, "layers") == seen[12]


def test_the_address_holds_the_run_and_a_reload_shows_the_same_picture(page: Page, address: str) -> None:
    page.goto(f"{address}/zh{LESSON}")
    page.get_by_label("激励函数", exact=True).select_option("relu")
    page.get_by_label("训练轮数").fill("4")
    page.get_by_label("随机种子").fill("9")
    page.get_by_role("button", name="运行").click()
    wait_for_end(page)
    for pair in ("activation=relu", "epochs=4", "seed=9", "bias=-0.2"):
        assert pair in page.url
    before = {chart: picture(page, chart) for chart in ("layers", "loss", "fit")}
    said = page.locator("#result").inner_text()
    page.reload()
    wait_for_end(page)
    assert {chart: picture(page, chart) for chart in before} == before
    assert page.locator("#result").inner_text() == said
    page.get_by_role("link", name="English").click()
    wait_for_end(page)
    assert "seed=9" in page.url
    expect(page.locator("#result")).to_contain_text("In this run the test loss is")


def test_headings_and_the_back_button_leave_the_form_and_the_runs_alone(page: Page, address: str) -> None:
    page.goto(f"{address}/en/")
    page.locator("a[href$='/courses/pytorch']").first.click()
    page.get_by_role("link", name="Batch normalization").click()
    page.get_by_label("Units per layer").fill("7")
    page.get_by_role("link", name="below", exact=True).click()
    assert page.url.endswith("#modes")
    expect(page.get_by_label("Units per layer")).to_have_value("7")
    page.goto(f"{address}/en{LESSON}?epochs=1&seed=1")
    wait_for_end(page)
    assert "momentum=0.5" in page.url
    page.get_by_label("Random seed").fill("2")
    page.get_by_role("button", name="Run").click()
    page.wait_for_url("**seed=2*")
    wait_for_end(page)
    page.go_back()
    page.wait_for_url("**seed=1*")
    expect(page.get_by_label("Random seed")).to_have_value("1")
    wait_for_end(page)
    page.go_back()
    page.wait_for_url("**#modes")
    assert "?" not in page.url


def test_run_while_playing_follows_the_new_run(page: Page, address: str) -> None:
    page.goto(f"{address}/en{LESSON}?epochs=6&seed=1")
    wait_for_end(page)
    page.locator("#play").click()
    page.get_by_label("Random seed").fill("5")
    page.get_by_role("button", name="Run").click()
    page.wait_for_url("**seed=5*")
    wait_for_end(page)
    page.wait_for_timeout(1200)
    expect(page.locator("#step")).to_have_text("6 / 6")


def test_stop_keeps_what_there_is(page: Page, address: str) -> None:
    page.goto(f"{address}/en{LESSON}?epochs=50&batch=8&seed=2")
    expect(page.locator("#step")).to_contain_text("2 / 50", timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector("html[data-run=ended]", timeout=10_000)
    expect(page.locator("#error")).to_contain_text("Stopped.")
    expect(page.get_by_role("button", name="Run")).to_be_enabled()
    go_to_step(page, 1)
    early = picture(page, "layers")
    go_to_step(page, 2)
    assert picture(page, "layers") != early


def test_a_killed_worker_is_said_and_the_server_lives(page: Page, address: str, server) -> None:  # type: ignore[no-untyped-def]
    page.goto(f"{address}/en{LESSON}?epochs=50&batch=8&seed=3")
    expect(page.locator("#step")).to_contain_text("1 / 50", timeout=60_000)
    os.kill(busy_worker(server.pid), signal.SIGKILL)
    expect(page.locator("#error")).to_contain_text("its worker was killed by SIGKILL", timeout=10_000)
    page.goto(f"{address}/en{LESSON}?epochs=1&seed=3")
    wait_for_end(page)
    expect(page.locator("#status")).to_have_text("Finished.")


def test_a_mistake_in_the_form_or_the_address_is_explained(page: Page, address: str) -> None:
    page.goto(f"{address}/en{LESSON}?lr=7")
    expect(page.get_by_role("alert")).to_have_text(
        "Learning rate is “7”, but must be a number from 0.0001 to 1. Try 1."
    )
    page.get_by_role("button", name="Run").click()  # the browser itself holds the form back
    assert page.locator("#knob-lr").evaluate("input => input.validity.rangeOverflow") is True
    page.get_by_label("Learning rate").fill("0.05")
    page.get_by_label("Epochs").fill("1")
    page.get_by_role("button", name="Run").click()
    wait_for_end(page)
    expect(page.get_by_role("alert")).to_have_text("")


def test_everything_works_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/en{LESSON}")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.get_by_label("Epochs").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    wait_for_end(page)
    page.locator("#now").focus()
    page.keyboard.press("ArrowLeft")
    wait_for_step(page, "2")
    expect(page.locator("#step")).to_have_text("2 / 3")
    page.locator("#play").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#step")).to_have_text("3 / 3")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_phone_and_desk_in_light_and_dark(
    chromium: Browser, address: str, pictures: Path | None, language: str, scheme: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/{language}{LESSON}?epochs=2&seed=1")
    wait_for_end(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 24, 31)" if scheme == "dark" else "rgb(255, 255, 255)")
    widths: list[list[int]] = page.evaluate(
        "() => [...document.querySelectorAll('.drawing')].map(plot => [plot.querySelector('canvas').clientWidth, plot.clientWidth])"
    )
    for chart, room in widths:
        assert chart <= room + 1, "a chart is wider than its place"
    if pictures:
        page.screenshot(path=pictures / f"lesson-{language}-{scheme}-{width}.png", full_page=True)
    context.close()


def test_a_report_opens_offline_with_its_slider(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/en{LESSON}?epochs=2&seed=1")
    wait_for_end(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report").click()
    file = tmp_path / "report.html"
    download.value.save_as(file)
    page.context.set_offline(True)
    page.goto(file.as_uri())
    wait_for_step(page, "2")
    last = picture(page, "layers")
    go_to_step(page, 0)
    assert picture(page, "layers") != last


def test_two_viewers_of_one_link_see_one_run(chromium: Browser, address: str) -> None:
    pages = [chromium.new_page() for _ in range(2)]
    for page in pages:
        page.goto(f"{address}/en{LESSON}?epochs=3&seed=77")
    for page in pages:
        wait_for_end(page)
    assert picture(pages[0], "loss") == picture(pages[1], "loss")
    for page in pages:
        page.close()
