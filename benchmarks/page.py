"""What a reader waits for: the command line, the page's weight, and the first picture after Run.

    python benchmarks/page.py [ROUNDS]

Needs Chromium. The server is `seelearn serve`; the browser has an empty cache. The first picture is the first chart
on the page, measured in the page itself from the click.
"""

import gzip
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SEELEARN = [sys.executable, "-m", "seelearn"]
LESSON = "/en/lessons/batch_normalization"
FIRST_PICTURE = """() => new Promise((done) => {
    const start = performance.now();
    new MutationObserver((_, observer) => {
        if (document.querySelector("figure canvas")) { observer.disconnect(); done(performance.now() - start); }
    }).observe(document.body, { childList: true, subtree: true });
    document.getElementById("run").click();
})"""


@contextmanager
def server() -> Iterator[str]:
    """Serve the course from an empty folder; yield its address."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [*SEELEARN, "serve", "--port", "8765"], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None
        yield found[0]
        process.terminate()
        process.wait()


def cpu_of(words: list[str]) -> float:
    """Return the CPU seconds of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*SEELEARN, *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def weights(address: str) -> dict[str, int]:
    """Return the bytes, gzipped, of everything that the page loads."""
    found = {}
    for path in (LESSON, "/static/style.css", "/static/lesson.js", "/static/player.js", "/static/vega.js"):
        with urllib.request.urlopen(address + path) as answer:
            found[path] = len(gzip.compress(answer.read(), 6))
    return found


def from_link(browser: Browser, address: str) -> float:
    """Return milliseconds from opening a link to a run, with an empty cache, to its first chart."""
    page = browser.new_context().new_page()
    start = time.perf_counter()
    page.goto(f"{address}{LESSON}?seed=1", wait_until="commit")
    page.wait_for_selector("figure canvas")
    milliseconds = 1000 * (time.perf_counter() - start)
    page.wait_for_selector("html[data-run=ended]", timeout=60_000)
    page.context.close()
    return milliseconds


def from_click(browser: Browser, address: str) -> float:
    """Return milliseconds from pressing Run to the first chart, on a page that has been open for a while."""
    page = browser.new_context().new_page()
    page.goto(f"{address}{LESSON}")
    page.locator("#knob-seed").fill("2")
    time.sleep(4)  # the next worker loads
    milliseconds: float = page.evaluate(FIRST_PICTURE)
    page.wait_for_selector("html[data-run=ended]", timeout=60_000)
    page.context.close()
    return milliseconds


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("| what | measured |\n|---|---|")
    for words in (["list"], ["--help"]):
        print(f"| `seelearn {words[0]}` | {statistics.median(cpu_of(words) for _ in range(rounds)):.2f} s of CPU |")
    with server() as address:
        sizes = weights(address)
        for path, size in sizes.items():
            print(f"| {path}, gzipped | {size / 1024:.1f} KiB |")
        print(f"| the whole page, gzipped | {sum(sizes.values()) / 1024:.0f} KiB |")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        warm, cold = [], []
        for _ in range(rounds):
            with server() as address:
                cold.append(from_link(browser, address))
                warm.append(from_click(browser, address))
        browser.close()
    for name, values in (("after Run, warm worker", warm), ("after opening a link, server just started", cold)):
        spread = f"{min(values):.0f}–{max(values):.0f}"
        print(f"| first picture {name} | {statistics.median(values):.0f} ms ({spread}) |")
    print(f"\n{rounds} rounds, {os.cpu_count()} cores, Python {sys.version.split()[0]}, {Path(chromium or '').name}")


if __name__ == "__main__":
    main()
