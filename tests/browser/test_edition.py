"""The static edition, opened from a disk in a real browser."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.test_lesson_page import picture, wait_for_end
from tests.measured import write_course

from seelearn.engine.catalogue import Catalogue
from seelearn.site.edition import Edition

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("edition")
    write_course(place / "course")
    Edition(Catalogue(place / "course"), place / "site").publish(place / "cache", lambda line: None)
    return f"file://{place / 'site'}"


def test_recorded_runs_are_replayed_from_a_disk(page: Page, site: str) -> None:
    page.goto(f"{site}/index.html")
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="Lessons").first.click()
    page.get_by_role("link", name="Trial").click()
    wait_for_end(page)
    expect(page.locator("#step")).to_have_text("3 / 3")
    first = picture(page, "loss")
    page.get_by_label("A recorded run").select_option(label="Kind: Wild")
    expect(page.locator("#step")).to_have_text("3 / 3", timeout=10_000)
    page.wait_for_selector("html[data-drawing=no]")
    assert page.url.endswith("?kind=wild")
    assert picture(page, "loss") != first
    page.reload()
    expect(page.get_by_label("A recorded run")).to_have_value(
        page.locator("option", has_text="Wild").get_attribute("value") or ""
    )
    page.get_by_role("link", name="中文").click()
    wait_for_end(page)
    expect(page.locator("#result")).to_contain_text("完了。")
    assert "zh/lessons/trial.html?kind=wild" in page.url


def test_the_slider_goes_back(page: Page, site: str) -> None:
    page.goto(f"{site}/en/lessons/trial.html")
    wait_for_end(page)
    last = picture(page, "cloud")
    page.locator("#now").fill("1")
    page.wait_for_timeout(300)
    assert picture(page, "cloud") != last


def test_a_run_that_was_not_recorded_says_how_to_run_it(page: Page, site: str) -> None:
    page.goto(f"{site}/en/lessons/trial.html?n=77")
    expect(page.locator("#error")).to_contain_text("seelearn run trial --n=77")


def test_it_fits_a_phone(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site}/zh/lessons/trial.html")
    wait_for_end(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
