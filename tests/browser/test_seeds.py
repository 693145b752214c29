"""What many seeds say, at the page: badges, bands, where a run stands, the button, and the map."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.browser.test_lesson_page import picture, wait_for_end

TRIAL = "/en/lessons/trial"
pytestmark = pytest.mark.browser


def rest(page: Page) -> None:
    """Wait until the run has ended and the drawing has come to rest."""
    page.wait_for_selector("html[data-run=ended]", timeout=60_000)
    page.wait_for_timeout(100)
    page.wait_for_selector("html[data-drawing=no]", timeout=20_000)


def measure(page: Page) -> None:
    page.get_by_role("button", name="64 seeds").click()
    page.wait_for_selector("html[data-run=running]", timeout=5_000)
    rest(page)


def test_a_badge_leads_to_its_row_and_back(page: Page, measured: str) -> None:
    page.goto(f"{measured}{TRIAL}")
    page.locator("#claim-falls-calm a.badge").click()
    assert page.url.endswith("#evidence-falls-calm")
    page.locator("#evidence-falls-calm a").click()
    assert page.url.endswith("#claim-falls-calm")
    expect(page.locator("details pre").last).to_be_hidden()
    page.get_by_text("How these claims are checked").click()
    expect(page.locator("details pre").last).to_contain_text("CONDITIONS")


def test_a_run_lies_on_its_bands_and_is_told_where_it_stands(page: Page, measured: str) -> None:
    page.goto(f"{measured}{TRIAL}?seed=3")
    wait_for_end(page)
    expect(page.locator("figure[data-chart=loss] .shaded")).to_have_text(
        "Shaded: the middle 80% of 1,024 seeds; dashed: their median"
    )
    expect(page.locator("#result")).to_contain_text("1,024 seeds (the middle 80%: 0.6 to NaN)")
    on_bands = picture(page, "loss")
    page.reload()
    wait_for_end(page)
    assert picture(page, "loss") == on_bands, "drawn live or replayed, it is the same picture"
    page.get_by_label("Kind").select_option("wild")
    page.get_by_label("Steps").fill("4")
    page.get_by_role("button", name="Run").click()
    page.wait_for_url("**n=4*")
    wait_for_end(page)
    expect(page.locator("figure[data-chart=loss] .shaded")).to_be_hidden()
    expect(page.locator("#result")).not_to_contain_text("1,024")


def test_a_band_without_a_curve_is_not_drawn_beside_curves(page: Page, measured: str) -> None:
    def without_b(route: Route) -> None:
        answer = route.fetch()
        reply = answer.json()
        assert [band["series"] for band in reply["bands"]] == ["a", "b"]
        route.fulfill(response=answer, json={**reply, "bands": reply["bands"][:1]})

    page.goto(f"{measured}{TRIAL}?seed=4")
    wait_for_end(page)
    both = picture(page, "loss")
    page.route("**/trial/runs", without_b)
    page.reload()
    wait_for_end(page)
    assert picture(page, "loss") == both


def test_seeds_are_measured_without_a_run(page: Page, measured: str) -> None:
    page.goto(f"{measured}{TRIAL}")
    page.get_by_label("Steps").fill("6")
    measure(page)
    expect(page.locator("#status")).to_have_text("Finished.")
    expect(page.locator("#measured p")).to_have_count(1)
    expect(page.locator("#measured")).to_contain_text("Loss, A: median ")
    expect(page.locator("#measured")).to_contain_text(" over 64 seeds, the middle 80% from ")
    expect(page.locator("figure[data-chart=loss] .shaded")).to_contain_text("64 seeds")
    expect(page.locator("figure[data-chart=cloud]")).to_be_hidden()
    expect(page.locator("#timeline")).to_be_hidden()
    once = picture(page, "loss")
    measure(page)  # the same job again
    assert picture(page, "loss") == once


def test_a_band_grows_under_the_curves_of_the_run(page: Page, measured: str) -> None:
    page.goto(f"{measured}{TRIAL}?n=5&seed=1")
    wait_for_end(page)
    said = page.locator("#result").inner_text()
    alone = {chart: picture(page, chart) for chart in ("loss", "cloud")}
    measure(page)
    assert page.locator("#result").inner_text() == said
    assert picture(page, "loss") != alone["loss"]
    assert picture(page, "cloud") == alone["cloud"]
    expect(page.locator("#step")).to_have_text("5 / 5")
    expect(page.locator("#timeline")).to_be_visible()
    page.get_by_label("Random seed").fill("2")
    page.get_by_role("button", name="Run").click()  # the same parameters: the band stays
    page.wait_for_url("**seed=2*")
    wait_for_end(page)
    expect(page.locator("figure[data-chart=loss] .shaded")).to_contain_text("64 seeds")
    expect(page.locator("#measured")).to_contain_text("over 64 seeds")
    page.get_by_label("Steps").fill("4")
    measure(page)  # other parameters: nothing of the old run may stand beside this band
    expect(page.locator("figure[data-chart=cloud]")).to_be_hidden()
    expect(page.locator("#result")).to_have_text("")
    expect(page.locator("#timeline")).to_be_hidden()


def test_measuring_shows_progress_and_can_be_stopped(page: Page, measured: str) -> None:
    page.goto(f"{measured}{TRIAL}")
    page.get_by_label("wait").fill("0.1")
    page.get_by_role("button", name="64 seeds").click()
    expect(page.locator("#status")).to_have_text(re.compile(r"^\d+ of 64 seeds$"), timeout=30_000)
    expect(page.get_by_role("button", name="Run")).to_be_disabled()
    page.get_by_role("button", name="Stop").click()
    rest(page)
    expect(page.locator("#error")).to_contain_text("Stopped.")
    expect(page.locator("#measured")).to_contain_text("Loss, A: median ")
    expect(page.get_by_role("button", name="64 seeds")).to_be_enabled()


def test_the_report_of_the_seeds_opens_offline(page: Page, measured: str, tmp_path: Path) -> None:
    page.goto(f"{measured}{TRIAL}")
    measure(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report of the 64 seeds").click()
    file = tmp_path / "report.html"
    download.value.save_as(file)
    page.context.set_offline(True)
    page.goto(file.as_uri())
    page.wait_for_selector("figure[data-chart=loss] canvas", timeout=20_000)
    expect(page.locator("figure .shaded")).to_contain_text("64 seeds")
    expect(page.locator("figure")).to_have_count(1)
    expect(page.locator("#timeline")).to_be_hidden()


def test_a_cell_of_the_map_is_a_run_by_mouse_and_by_keyboard(page: Page, measured: str) -> None:
    page.goto(f"{measured}{TRIAL}")
    canvas = page.locator("figure.map canvas")
    canvas.scroll_into_view_if_needed()
    canvas.click(position={"x": 120, "y": 45})  # the first cell of the first plot: calm, the fewest steps
    page.wait_for_url("**?*kind=calm*")
    wait_for_end(page)
    assert "n=2" in page.url
    page.goto(f"{measured}{TRIAL}")
    page.get_by_text("The same numbers as a table").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Wild, 4").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**kind=wild*")
    wait_for_end(page)
    expect(page.get_by_label("Steps")).to_have_value("4")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_phone_and_desk_in_light_and_dark(
    chromium: Browser, measured: str, pictures: Path | None, language: str, scheme: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{measured}/{language}/lessons/trial?seed=1")
    wait_for_end(page)
    page.wait_for_selector("figure.map canvas")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    drawn, room = page.locator("figure.map .drawing").evaluate(
        "d => [d.querySelector('canvas').clientWidth, d.clientWidth]"
    )
    assert 0.8 * room < drawn <= room + 1
    for badge in page.locator(".badge").all():
        box = badge.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
    assert page.evaluate(CONTRAST) >= 4.5
    if pictures:
        page.screenshot(path=pictures / f"seeds-{language}-{scheme}-{width}.png", full_page=True)
    context.close()


CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/\\d+/g).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  return Math.min(...[...document.querySelectorAll(".badge, .verdict")].map((one) => {
    const { color, backgroundColor } = getComputedStyle(one);
    const body = getComputedStyle(document.body).backgroundColor;
    const [ink, ground] = [light(color), light(backgroundColor === "rgba(0, 0, 0, 0)" ? body : backgroundColor)];
    return Math.max(ink, ground) / Math.min(ink, ground);
  }));
}"""
"""The least contrast of what is written on badges and in verdicts, against the page."""
