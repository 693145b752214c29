"""A class before one small machine: 200 viewers of one run, then 50 visitors who all press Run.

    python benchmarks/viewers.py [--viewers 200] [--visitors 50]

The first part counts, for every viewer, whether each event came, in order. In the second one every visitor starts a run
of their own within a second and watches it to its end, while pages are asked for again and again.
"""

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS = 50
LESSON = """
import time
from typing import Annotated
from seelearn.show import Range, Show

def run(show: Show, n: Annotated[int, Range(1, 1000)] = 3, wait: Annotated[float, Range(0, 1)] = 0.0) -> None:
    for step in show.steps(n):
        show.line("loss", "a", 1.0 / (step + 1))
        time.sleep(wait)
    show.note("end", value=1.0)
"""
TOML = """
steps = { zh = "步", en = "Step" }
title = { zh = "试验", en = "Trial" }
summary = { zh = "试验", en = "Trial" }
parameters = { n = { zh = "步数", en = "Steps" }, wait = { zh = "等待", en = "Wait" } }
series = { a = { zh = "甲", en = "A" } }
charts = { loss = { kind = "lines", series = ["a"], title = { zh = "误差", en = "Loss" }, x = { zh = "步", en = "step" }, y = { zh = "误差", en = "loss" } } }
notes = { end = { zh = "完了。", en = "Done." } }
"""  # noqa: E501


async def ask(port: int, path: str, body: dict[str, object] | None = None) -> bytes:
    """Send one request and return the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = b"" if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
    writer.write(head.encode() + f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
    answer = await reader.read()
    writer.close()
    return answer


async def start(port: int, given: dict[str, object]) -> str:
    """Press Run; return the run's address."""
    answer = await ask(port, "/en/lessons/trial/runs", given)
    found = re.search(rb'"run":"([^"]+)"', answer)
    assert found, answer[:300]
    return found[1].decode()


async def watch(port: int, run: str) -> tuple[bool, float]:
    """Watch a run to its end: whether every event came in order, and when the last one did."""
    text = (await ask(port, f"{run}/events")).decode()
    numbers = [int(number) for number in re.findall(r"^id: (\d+)", text, re.M)]
    return numbers == list(range(len(numbers))) and '"finished"' in text, time.perf_counter()


async def share(port: int, viewers: int) -> None:
    """Let many watch one run of ten events a second."""
    run = await start(port, {"n": STEPS, "wait": 0.2, "seed": 1})
    begun = time.perf_counter()
    results = await asyncio.gather(*(watch(port, run) for _ in range(viewers)))
    ends = [end for _, end in results]
    whole = sum(good for good, _ in results)
    print(f"{whole} of {viewers} viewers of one run got every event in order, 10 a second;")
    print(f"  the last viewer's end came {1000 * (max(ends) - min(ends)):.0f} ms after the first one's")
    print(f"  the run took {min(ends) - begun:.1f} s")


async def queue(port: int, visitors: int) -> None:
    """Let many press Run within a second, and look at pages meanwhile."""

    async def visit(number: int) -> tuple[bool, float]:
        await asyncio.sleep(number / visitors)
        begun = time.perf_counter()
        good, end = await watch(port, await start(port, {"n": 20, "wait": 0.01, "seed": 100 + number}))
        return good, end - begun

    pages: list[float] = []

    async def look() -> None:
        while True:
            for path in ("/en/", "/zh/lessons/trial"):
                begun = time.perf_counter()
                await ask(port, path)
                pages.append(time.perf_counter() - begun)
                await asyncio.sleep(0.05)

    looking = asyncio.create_task(look())
    results = await asyncio.gather(*(visit(number) for number in range(visitors)))
    looking.cancel()
    waits = [wait for _, wait in results]
    print(f"{sum(good for good, _ in results)} of {visitors} visitors were served; ", end="")
    print(f"first {min(waits):.1f} s, median {statistics.median(waits):.1f} s, last {max(waits):.1f} s")
    print(f"  pages meanwhile: median {1000 * statistics.median(pages):.0f} ms, ", end="")
    print(f"95% within {1000 * statistics.quantiles(pages, n=20)[-1]:.0f} ms ({len(pages)} asked for)")


async def measure(port: int, viewers: int, visitors: int) -> None:
    """Do both parts, after everything is warm."""
    await ask(port, "/en/lessons/trial")
    await watch(port, await start(port, {"n": 3}))
    await share(port, viewers)
    await queue(port, visitors)


def main() -> None:
    """Start a server with a small lesson, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--visitors", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "course", "trial")
        folder.mkdir(parents=True)
        (folder / "lesson.toml").write_text(TOML, encoding="utf-8")
        (folder / "with_torch.py").write_text(LESSON, encoding="utf-8")
        for language in ("zh", "en"):
            (folder / f"{language}.md").write_text("## T {#t}\n\n{{ lab }}\n\n{{ code run }}\n", encoding="utf-8")
        command = [sys.executable, "-m", "seelearn", "--lessons", "course", "serve", "--port", "8459"]
        server = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            server.stdout.readline()
            asyncio.run(measure(8459, options.viewers, options.visitors))
        finally:
            server.terminate()
            server.communicate(timeout=30)


if __name__ == "__main__":
    main()
