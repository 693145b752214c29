"""The course in a real browser: search, progress, the other language, paper, and every page for everyone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.browser.conftest import address_of, serving
from tests.engine.test_contents import write_contents

pytestmark = pytest.mark.browser
FLAGSHIP = "/en/lessons/batch_normalization"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a course of six rows; gamma is also written in NumPy."""
    place = tmp_path_factory.mktemp("small")
    write_contents(place / "course")
    gamma = place / "course" / "gamma"
    (gamma / "with_numpy.py").write_text((gamma / "with_torch.py").read_text(encoding="utf-8"), encoding="utf-8")
    with serving(place, "--lessons", "course") as process:
        yield address_of(process)


def test_search_finds_prose_and_opens_it_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/en/courses/keras")
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search titles and text")
    expect(box).to_be_focused()
    page.keyboard.type("saturates tanh")
    first = page.get_by_role("option").first
    expect(first).to_contain_text("Batch normalization")
    expect(first).to_contain_text("Machine learning, seen · PyTorch")
    assert {mark.lower() for mark in first.locator("span mark").all_inner_texts()} >= {"saturates", "tanh"}
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(box).to_have_value("")
    page.keyboard.type("batch normalization")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{FLAGSHIP}")


def test_search_knows_chinese_without_spaces_and_rows_that_are_not_written(page: Page, address: str) -> None:
    page.goto(f"{address}/zh/")
    box = page.get_by_role("combobox")
    box.fill("梯度")
    first = page.get_by_role("option").first
    expect(first.locator("mark").first).to_have_text("梯度")
    expect(page.get_by_role("option").filter(has_text="变量 Variable")).not_to_have_count(0)
    box.fill("度梯")  # both characters stand in the text, never in this order
    expect(page.locator(".told")).to_have_text("没有找到「度梯」。换个词试试？")
    box.fill("交叉验证")
    rows = page.get_by_role("option")
    expect(rows).to_have_count(3)
    for row in rows.all():
        expect(row).to_have_attribute("aria-disabled", "true")
        expect(row).to_contain_text("scikit-learn · 还没写")
    box.fill("Cross-validation")  # the title in the other language finds it too
    expect(rows).to_have_count(3)
    box.press("Enter")
    assert page.url == f"{address}/zh/"


def test_search_says_when_its_index_does_not_come(page: Page, address: str) -> None:
    page.route("**/index.js", lambda route: route.fulfill(status=200, content_type="text/javascript", body=""))
    page.goto(f"{address}/en/")
    page.get_by_role("combobox").fill("tanh")
    expect(page.locator(".told")).to_contain_text("Search is not available")


def test_progress_is_marked_and_can_be_forgotten(page: Page, small: str) -> None:
    page.goto(f"{small}/en/")
    expect(page.locator("#forget")).to_be_hidden()
    page.goto(f"{small}/en/lessons/alpha")
    page.goto(f"{small}/en/courses/first")
    expect(page.locator(".rows li").first.locator(".mark")).to_have_text("opened")
    page.goto(f"{small}/en/lessons/gamma?n=2")
    page.wait_for_selector("html[data-run=ended]", timeout=60_000)
    page.goto(f"{small}/en/courses/first")
    rows = page.locator(".rows li")
    expect(rows.nth(3).locator(".mark")).to_have_text("run")
    expect(rows.nth(4).locator(".mark")).to_have_text("")
    page.goto(f"{small}/en/")
    card = page.locator(".cards li", has_text="One")
    expect(card.locator(".progress")).to_have_text("2 opened, 1 run")
    assert card.locator("progress").evaluate("bar => [bar.value, bar.max]") == [1.5, 3]
    page.get_by_role("button", name="Forget my progress").click()
    expect(card.locator("progress")).to_be_hidden()
    expect(page.locator("#forget")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_a_browser_that_keeps_nonsense_still_shows_the_course(page: Page, small: str) -> None:
    page.goto(f"{small}/en/")
    page.evaluate("localStorage.setItem('seelearn.progress', '[broken')")
    page.goto(f"{small}/en/courses/first")
    expect(page.locator(".rows li")).to_have_count(6)


def test_the_other_language_opens_at_the_same_place(page: Page, address: str) -> None:
    page.goto(f"{address}{FLAGSHIP}#reading")
    page.get_by_role("link", name="中文").click()
    page.wait_for_url("**/zh/lessons/batch_normalization#reading")
    page.goto(f"{address}{FLAGSHIP}")
    page.locator("#relu").evaluate("heading => heading.scrollIntoView()")
    expect(page.locator("#relu")).to_be_in_viewport()
    page.wait_for_timeout(1000)  # it scrolls smoothly
    page.get_by_role("link", name="中文").dispatch_event("click")
    page.wait_for_url("**/zh/lessons/batch_normalization#relu")


def test_a_heading_offers_its_link(page: Page, address: str) -> None:
    page.goto(f"{address}{FLAGSHIP}")
    heading = page.locator("#modes")
    link = heading.locator(".anchor")
    assert float(link.evaluate("link => getComputedStyle(link).opacity")) == 0
    heading.hover()
    assert float(link.evaluate("link => getComputedStyle(link).opacity")) == 1
    link.click()
    assert page.url.endswith("#modes")
    expect(page.get_by_role("heading", name=re.compile("^Training mode and evaluation mode$"))).to_be_visible()


def test_paper_has_the_text_the_code_and_the_charts_but_no_controls(page: Page, address: str) -> None:
    page.goto(f"{address}{FLAGSHIP}?epochs=1")
    page.wait_for_selector("html[data-run=ended][data-drawing=no]", timeout=60_000)
    page.emulate_media(media="print")
    for gone in (".top", "#form", "#timeline", ".tools", ".copy"):
        expect(page.locator(gone).first).to_be_hidden()
    for kept in ("h1", "#reading", ".code pre", "figure[data-chart=loss] canvas", "math"):
        expect(page.locator(kept).first).to_be_visible()


PAGES = ["/{}/", "/{}/courses/pytorch", "/{}/lessons/batch_normalization"]


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize(("language", "width"), [("zh", 390), ("en", 1280)])
def test_every_kind_of_page_is_for_everyone_and_fits(
    page: Page, address: str, small: str, look: str, language: str, width: int, pictures: Path | None
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=look)  # type: ignore[arg-type]
    places = [address + path.format(language) for path in PAGES]
    places += [f"{small}/{language}/lessons/gamma", f"{small}/{language}/compare/gamma/torch/numpy"]
    for number, place in enumerate(places):
        page.goto(place)
        if "compare" not in place:
            page.locator(".search input").fill("a")
            expect(page.locator(".found, .told").filter(visible=True)).to_have_count(1)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{place}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        if pictures:
            page.screenshot(path=pictures / f"course-{number}-{language}-{look}-{width}.png")
