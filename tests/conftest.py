"""What many tests need: the course, a recorded run, and a course of lessons that misbehave."""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.job import Job, make_job
from seelearn.engine.local import Engine
from seelearn.engine.recording import Recording

COURSE = Catalogue()
SEELEARN = [sys.executable, "-m", "seelearn"]

TOML = """
steps = { zh = "步", en = "Step" }
title = { zh = "试验", en = "Trial" }
summary = { zh = "试验", en = "Trial" }
parameters = { n = { zh = "步数", en = "Steps" } }
series = { a = { zh = "甲", en = "A" } }
charts = { loss = { kind = "lines", series = ["a"], title = { zh = "误差", en = "Loss" }, x = { zh = "步", en = "step" }, y = { zh = "误差", en = "loss" } } }
notes = { end = { zh = "最后是 {value:.3g}。", en = "It ended at {value:.3g}." } }
"""

LESSON = """
import os, time
from typing import Annotated
from seelearn.show import Range, Show

def run(show: Show, n: Annotated[int, Range(1, 100000)] = 3) -> None:
    for step in show.steps(n):
        show.line("loss", "a", 1.0 / (step + 1))
        {body}
    show.note("end", value=1.0 / (n + 1))
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests last: Playwright leaves an event loop running, beside which no other can be started.

    Tests that share fixtures, those of one file or of one lesson, stay in one of the processes.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
    for item in items:
        lesson = getattr(getattr(item, "callspec", None), "params", {}).get("lesson")
        group = lesson.name if isinstance(lesson, Lesson) else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))


def write_lesson(folder: Path, name: str, body: str) -> Lesson:
    """Write a lesson whose every step does `body`."""
    place = folder / name
    place.mkdir(parents=True)
    (place / "lesson.toml").write_text(TOML, encoding="utf-8")
    (place / "with_torch.py").write_text(LESSON.format(body=body), encoding="utf-8")
    for language in ("zh", "en"):
        (place / f"{language}.md").write_text("## T {#t}\n\n{{ lab }}\n\n{{ code run }}\n", encoding="utf-8")
    return Lesson(name, place)


@pytest.fixture
def trial(tmp_path: Path) -> Callable[[str], Lesson]:
    """Return a function that writes a lesson with a given body into a course of its own."""
    return lambda body: write_lesson(tmp_path / "course", "trial", body)


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    """The flagship."""
    return COURSE.lesson("batch_normalization")


@pytest.fixture(scope="session")
def recorded(lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A whole run of the flagship, seed 7."""
    return record(lesson, {"epochs": 3, "seed": 7}, tmp_path_factory.mktemp("runs") / "run")


def record(
    lesson: Lesson, given: dict[str, int | float | str], folder: Path, framework: str | None = None
) -> Recording:
    """Run a job in a worker, in the lesson's first framework unless another is named; read its recording back."""
    job = make_job(lesson, framework, given)
    run = Engine().start(job, lesson.file(job.framework), folder)
    for _ in run:
        pass
    return Recording.read(folder)


def job_of(lesson: Lesson, given: dict[str, int | float | str] | None = None) -> Job:
    """Return a job of the lesson in its first framework."""
    return make_job(lesson, None, given or {})


def environment(**more: str) -> dict[str, str]:
    """The environment for a command of a test: English, whatever the machine speaks."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "120", **more}


def busy_worker(server: int) -> int:
    """Return the worker process below a server that has a job: the one that works when all others have loaded."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        first = _worked(server)
        time.sleep(0.5)
        second = _worked(server)
        working = [pid for pid in second if second[pid] - first.get(pid, 0.0) > 0.02]
        if len(working) == 1:
            return working[0]
    raise AssertionError("no worker, or more than one, has a job")


def _worked(server: int) -> dict[int, float]:
    """Return the CPU seconds of every worker below a server."""
    found: dict[int, float] = {}
    for child in psutil.Process(server).children():
        with contextlib.suppress(psutil.Error):  # it may just have ended
            if "seelearn.engine.worker" in child.cmdline():
                found[child.pid] = child.cpu_times().user
    return found


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
