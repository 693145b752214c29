"""Workers: a run ends as it should, whatever its lesson does."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import job_of, record

from seelearn.engine.catalogue import Lesson
from seelearn.engine.local import Engine, Limits, Run, Worker
from seelearn.engine.recording import End, Recording
from seelearn.events import without_times

Trial = Callable[[str], Lesson]


def start(lesson: Lesson, folder: Path, limits: Limits | None = None, n: int = 1000) -> Run:
    return Engine(limits).start(job_of(lesson, {"n": n}), lesson.file("torch"), folder)


def test_events_arrive_in_order_and_are_recorded(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("pass"), tmp_path / "run", n=500)
    events = list(run)
    assert [e["step"] for e in events if e["kind"] == "line"] == list(range(501))
    recording = Recording.read(tmp_path / "run")
    assert recording.events == events
    assert recording.end == run.end == End("finished")


def test_same_seed_same_events_and_another_seed_others(trial: Trial, tmp_path: Path) -> None:
    lesson = trial(
        "import torch, random, numpy; show.line('loss', 'a', torch.rand(1).item() + random.random() + numpy.random.rand())"
    )
    runs = [record(lesson, {"seed": seed, "n": 5}, tmp_path / str(number)) for number, seed in enumerate((1, 1, 2))]
    first, again, other = (without_times(run.events) for run in runs)
    assert first == again != other


def test_what_a_lesson_prints_does_not_end_up_among_the_events(
    trial: Trial, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    recording = record(trial("print('hello from the lesson')"), {"n": 2}, tmp_path / "run")
    assert len(recording.events) == 7
    assert capfd.readouterr().err.count("hello from the lesson") == 3


def test_a_lesson_that_raises_names_the_error_and_its_line(
    trial: Trial, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recording = record(trial("1 / (3 - step)"), {"n": 9}, tmp_path / "run")
    assert recording.end.status == "failed"
    assert recording.end.reason == "ZeroDivisionError: division by zero (with_torch.py, line 9)"
    assert recording.events[-1]["step"] == 3
    assert "Traceback" in capfd.readouterr().err


def process(run: Run) -> Worker:
    assert isinstance(run.worker, Worker)
    return run.worker


def test_a_killed_worker_is_named_and_its_events_are_kept(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("time.sleep(0.01)"), tmp_path / "run")
    seen = []
    for event in run:
        seen.append(event)
        if len(seen) == 10:
            os.kill(process(run).pid, signal.SIGKILL)
    assert run.end == End("failed", "its worker was killed by SIGKILL")
    assert Recording.read(tmp_path / "run").events == seen


def test_stop_from_another_thread_ends_the_run(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("time.sleep(0.01)"), tmp_path / "run", n=100_000)
    asked = End("stopped", "stopped by a reader")
    going = threading.Event()

    def stop() -> None:
        going.wait(30)
        run.stop(asked)

    threading.Thread(target=stop).start()
    for _ in run:
        going.set()
    assert Recording.read(tmp_path / "run").end == run.end == asked
    assert not process(run).alive


def test_what_was_written_before_a_stop_is_not_lost(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("pass"), tmp_path / "run", n=100_000)
    asked = End("stopped", "stopped by a reader")
    seen = []
    for event in run:
        seen.append(event)
        if len(seen) == 1000:
            run.stop(asked)
    assert run.end == asked
    assert len(seen) > 1000  # a pipe holds more than one event
    assert [e["step"] for e in seen if e["kind"] == "line"] == list(range(len(seen) // 2))
    assert Recording.read(tmp_path / "run").events == seen


def test_who_stops_listening_stops_the_run(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("time.sleep(0.01)"), tmp_path / "run", n=100_000)
    events = iter(run)
    next(events)
    events.close()
    assert run.end.status == "stopped"
    assert not process(run).alive


def test_a_stop_also_ends_what_the_lesson_has_started(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("os.fork() or time.sleep(60); time.sleep(0.01)"), tmp_path / "run")
    asked = End("stopped", "stopped by a reader")
    began = 0.0
    for event in run:
        if event["kind"] == "line":
            began = time.monotonic()
            run.stop(asked)
    assert run.end == asked
    assert time.monotonic() - began < 30  # the child would hold the pipe for a minute


def test_a_run_that_takes_too_long_is_ended(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("time.sleep(0.01)"), tmp_path / "run", Limits(seconds=8), n=100_000)
    assert list(run)
    assert run.end == End("failed", "it took longer than 8 seconds: try fewer steps")


def test_a_run_with_too_many_events_is_ended(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("pass"), tmp_path / "run", Limits(events=2**20), n=100_000)
    assert list(run)
    assert run.end == End("failed", "more than 1 MiB of events")
    assert (tmp_path / "run" / "events.jsonl").stat().st_size <= 2**20


def test_a_run_that_takes_too_much_memory_fails_alone(
    trial: Trial, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recording = record(trial("bytearray(6 * 2**30)"), {"n": 1}, tmp_path / "run")
    assert recording.end.reason.startswith("MemoryError")
    assert "MemoryError" in capfd.readouterr().err


def test_the_next_run_gets_the_spare_worker(trial: Trial, tmp_path: Path) -> None:
    lesson = trial("pass")
    engine = Engine(spares=1)
    engine.warm("torch")
    (spare,) = engine._spares
    run = engine.start(job_of(lesson), lesson.file("torch"), tmp_path / "run")
    assert run.worker is spare
    list(run)
    assert len(engine._spares) == 1  # the next one is being loaded
    assert spare not in engine._spares
    engine.close()
    assert engine._spares == []


def test_a_worker_ends_with_the_process_that_started_it(trial: Trial, tmp_path: Path) -> None:
    run = start(trial("time.sleep(0.01)"), tmp_path / "run", n=100_000)
    events = iter(run)
    next(events)
    popen = process(run)._process
    assert popen.stdin is not None
    popen.stdin.close()  # as the system does when the parent is gone
    deadline = time.monotonic() + 10
    while process(run).alive and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not process(run).alive
    events.close()


def test_a_worker_that_waits_has_loaded_what_many_lessons_need(trial: Trial, tmp_path: Path) -> None:
    lesson = trial('import sys; show.line("loss", "b", float("sklearn.datasets" in sys.modules))')
    engine = Engine(spares=1)
    engine.warm("torch")
    found = []
    for folder, pause in (("at once", 0), ("later", 15)):
        time.sleep(pause)
        run = engine.start(job_of(lesson), lesson.file("torch"), tmp_path / folder)
        found.append([event["y"] for event in run if event["kind"] == "line" and event["series"] == "b"][-1])
    engine.close()
    assert found == [0.0, 1.0]
