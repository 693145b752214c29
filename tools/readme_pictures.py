"""Make the README's pictures, and those beside links to the course, with the project's own commands: `make pictures`.

Those of pages need Chromium.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).parent.parent / "docs" / "pictures"
STATIC = Path(__file__).parent.parent / "src" / "seelearn" / "static"
CHARTS = {"neural_network": "output", "overfitting": "fit"}
"""Other lessons, and the chart of each that the README shows."""
SEELEARN = [sys.executable, "-m", "seelearn"]


def grid(language: str) -> None:
    """Run the flagship with ReLU and keep its grid of layers."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", "batch_normalization", "--activation", "relu", "--lang", language, "--out", "run"]
        subprocess.run([*SEELEARN, *words], cwd=folder, check=True, capture_output=True)
        shutil.copy(Path(folder, "run", "layers.png"), TARGET / f"layers-relu-{language}.png")


def charts(language: str) -> None:
    """Run a few lessons as they are and keep one chart of each."""
    with tempfile.TemporaryDirectory() as folder:
        for lesson, chart in CHARTS.items():
            words = ["run", lesson, "--lang", language, "--out", lesson]
            subprocess.run([*SEELEARN, *words], cwd=folder, check=True, capture_output=True)
            shutil.copy(Path(folder, lesson, f"{chart}.png"), TARGET / f"{lesson}-{language}.png")


def sweep(language: str) -> None:
    """Sweep the flagship over activation and bias and keep the map."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["sweep", "batch_normalization", "--set", "activation=tanh,relu", "--set", "bias=-0.5:0.5:11"]
        options = ["--seeds", "32", "--lang", language, "--out", "map"]
        subprocess.run([*SEELEARN, *words, *options], cwd=folder, check=True, capture_output=True)
        shutil.copy(Path(folder, "map", "sweep.png"), TARGET / f"sweep-{language}.png")


def pages() -> None:
    """Take a screenshot of the lesson's page after a run, in both languages, one light and one dark."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = subprocess.Popen([*SEELEARN, "serve", "--port", "8766"], cwd=folder, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        found = re.search(r"http://[\d.:]+", server.stdout.readline())
        assert found is not None
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for language in ("en", "zh"):
            page = browser.new_page(viewport={"width": 1200, "height": 630})
            page.goto(f"{found[0]}/{language}/")
            page.screenshot(path=STATIC / f"card-{language}.png")
        for language, scheme in (("en", "light"), ("zh", "dark")):
            size = {"width": 1280, "height": 900}
            page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(f"{found[0]}/{language}/lessons/batch_normalization?seed=0")
            page.wait_for_selector("html[data-run=ended][data-drawing=no]", timeout=60_000)
            page.locator("#timeline").evaluate("bar => scrollTo(0, bar.offsetTop - 230)")
            page.wait_for_timeout(500)
            page.screenshot(path=TARGET / f"page-{language}.png")
            page.locator("#limits").evaluate("heading => scrollTo(0, heading.offsetTop - 20)")
            page.screenshot(
                path=TARGET / f"claims-{language}.png", clip={"x": 260, "y": 0, "width": 760, "height": 620}
            )
        browser.close()
        server.terminate()
        server.wait()


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    for language in ("en", "zh"):
        grid(language)
        charts(language)
        sweep(language)
    pages()
