"""Live runs: one job, many viewers, and a recording that outlives them all."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from seelearn.engine.job import Job
from seelearn.engine.local import LocalEngine, Run
from seelearn.engine.recording import End, Recording
from seelearn.errors import NotFoundError, UserError
from seelearn.events import Event

KEPT = 100
"""Runs kept in memory; older ones that have ended are read from their recordings again."""


class LiveRun:
    """A run and what it has emitted so far. All but `follow` belongs to the event loop."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job = job
        self.folder = folder
        self.events: list[Event] = []
        self.end: End | None = None
        self._asked: End | None = None
        self._run: Run | None = None
        self._lock = threading.Lock()
        self._news = asyncio.Event()

    def follow(self, engine: LocalEngine, file: Path, loop: asyncio.AbstractEventLoop) -> None:
        """Run the job to its end, in a thread of its own."""
        end = End("failed", "the server could not run it")
        try:
            with self._lock:
                if self._asked is not None:  # stopped while it waited for its turn
                    end = self._asked
                    return
                self._run = run = engine.start(self.job, file, self.folder)
            for event in run:
                loop.call_soon_threadsafe(self._add, event)
            end = run.end
        except OSError as error:
            end = End("failed", f"the recording could not be written: {error.strerror}")
        finally:
            loop.call_soon_threadsafe(self._close, end)

    def stop(self, reason: str) -> None:
        """End it now, whether it waits or runs."""
        with self._lock:
            self._asked = End("stopped", reason)
            if self._run is not None:
                self._run.stop(self._asked)
            else:  # it still waits: its viewers need not
                self._close(self._asked)

    async def watch(self, seen: int) -> AsyncIterator[tuple[int, Event]]:
        """Yield the events from number `seen` on, each with its number, until the run has ended."""
        while True:
            news = self._news
            while seen < len(self.events):  # it may grow while we wait for the viewer
                yield seen, self.events[seen]
                seen += 1
            if self.end is not None:
                return
            await news.wait()

    def replay(self, recording: Recording) -> None:
        """Take the events of a run that ended earlier."""
        self.events, self.end = recording.events, recording.end

    def _add(self, event: Event) -> None:
        self.events.append(event)
        self._tell()

    def _close(self, end: End) -> None:
        self.end = self.end or end
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Runs:
    """All live runs, by the id of their job: who asks for the same job sees the same run."""

    def __init__(self, engine: LocalEngine, folder: Path, workers: int) -> None:
        self._engine = engine
        self._folder = folder
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="run")
        self._runs: dict[str, LiveRun] = {}

    def start(self, job: Job, file: Path) -> LiveRun:
        """Return the run of this job: one under way, one recorded to its end, or a new one."""
        known = self._runs.get(job.id)
        if known is not None and (known.end is None or known.end.status == "finished"):
            return known
        run = LiveRun(job, self._new_folder(job))
        if (recording := self._recorded(job)) is not None:
            run.replay(recording)
            run.folder = recording.folder
        else:
            loop = asyncio.get_running_loop()
            self._threads.submit(run.follow, self._engine, file, loop)
        self._runs.pop(job.id, None)
        self._runs[job.id] = run
        self._forget()
        return run

    async def find(self, id: str) -> LiveRun:
        """Return the run of the job with this id."""
        if id not in self._runs:
            raise NotFoundError(f"no run {id[:60]!r}: press Run again")
        return self._runs[id]

    def stop(self) -> None:
        """End all runs; their viewers are told and their recordings say why."""
        for run in self._runs.values():
            if run.end is None:
                run.stop("the server was stopped")

    def close(self) -> None:
        """Stop everything and wait until the recordings are closed."""
        self.stop()
        self._threads.shutdown()
        self._engine.close()

    def _recorded(self, job: Job) -> Recording | None:
        for folder in sorted(self._folder.glob(f"{job.lesson}-{job.id}*")):
            try:
                recording = Recording.read(folder)
            except UserError:
                continue
            if recording.end.status == "finished":
                return recording
        return None

    def _new_folder(self, job: Job) -> Path:
        """Return a name that is free: an unfinished recording of the same job is kept."""
        base = folder = self._folder / f"{job.lesson}-{job.id}"
        number = 2
        while folder.exists():
            folder = base.with_name(f"{base.name}-{number}")
            number += 1
        return folder

    def _forget(self) -> None:
        ended = [name for name, run in self._runs.items() if run.end is not None]
        for name in ended[: max(0, len(self._runs) - KEPT)]:
            del self._runs[name]
