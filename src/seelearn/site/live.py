"""One live run: what its viewers are told, read from its recording."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from seelearn.engine.job import Job
from seelearn.engine.local import Run
from seelearn.engine.recording import EVENTS, End
from seelearn.events import Event

TAIL = 256
"""Events kept in memory: a viewer who keeps up never waits for the disk."""
PART = 256 * 1024
"""Bytes that are read at once for a viewer who comes later."""


class Turn(NamedTuple):
    """Where a run stands in the queue."""

    position: int
    """1 is next"""
    seconds: float
    """Until its turn, about"""


Place = tuple[int, int]
"""The number of an event, and the byte of the recording at which it begins."""


class LiveRun:
    """A run that waits, runs or has ended. Everything but the work itself belongs to the event loop."""

    def __init__(self, job: Job, folder: Path, left: Callable[["LiveRun"], None]) -> None:
        self.job, self.folder = job, folder
        self.end: End | None = None
        self.count = 0
        """How many events it has come to"""
        self.viewers: Counter[str] = Counter()
        """Who watches, and in how many pages"""
        self.waiting: Turn | None = None
        """Its place in the queue, if it waits"""
        self._left = left
        self._since = asyncio.get_running_loop().time()
        self._tail: deque[Event] = deque(maxlen=TAIL)
        self._asked: End | None = None
        self._run: Run | None = None
        self._news = asyncio.Event()

    async def follow(self, begin: Callable[[Job, Path, Path], Run], file: Path, threads: Executor) -> None:
        """Run the job to its end, in one of these threads."""
        self.waiting = None
        loop = asyncio.get_running_loop()

        def work(run: Run) -> End:
            for event in run:
                loop.call_soon_threadsafe(self._add, event)
            return run.end

        end = End("failed", "the server could not run it")
        try:
            self._run = await loop.run_in_executor(threads, begin, self.job, file, self.folder)
            if self._asked is not None:  # stopped while its worker was being started
                self._run.stop(self._asked)
            end = await loop.run_in_executor(threads, work, self._run)
        except OSError as error:
            end = End("failed", f"the recording could not be written: {error.strerror}")
        finally:
            self.close(end)

    def stop(self, end: End) -> None:
        """End it now, whether it waits or runs."""
        self._asked = end
        if self._run is not None:
            self._run.stop(end)
        elif self.waiting is not None:
            self.close(end)

    def wait(self, turn: Turn) -> None:
        """Tell its viewers its place in the queue."""
        self.waiting = turn
        self._tell()

    def replay(self, end: End, count: int) -> None:
        """Take over a recording of so many events that was made earlier."""
        self.end, self.count = end, count

    def close(self, end: End) -> None:
        """Tell its viewers that it has ended."""
        self.end = self.end or end
        self.waiting = None
        self._tell()

    def others(self, visitor: str) -> bool:
        """Whether anybody else watches."""
        return any(count > 0 for name, count in self.viewers.items() if name != visitor)

    def unseen(self) -> float:
        """Return for how many seconds nobody has watched."""
        return 0.0 if self.viewers.total() else asyncio.get_running_loop().time() - self._since

    async def watch(self, seen: int, visitor: str) -> AsyncIterator[tuple[int, Event] | Turn]:
        """Yield the events from number `seen` on, each with its number, until the run has ended.

        While the run waits, its turn comes instead.
        """
        self.viewers[visitor] += 1
        told, place = None, (0, 0)
        try:
            while True:
                news = self._news
                if self.waiting is not None and self.waiting != told:
                    told = self.waiting
                    yield told
                while seen < self.count:  # it may grow while we wait for the viewer
                    kept = self.count - len(self._tail)
                    if seen >= kept:
                        part = list(islice(self._tail, seen - kept, None))
                    else:
                        part, place = await asyncio.to_thread(_read, self.folder / EVENTS, place, seen)
                    for event in part:
                        yield seen, event
                        seen += 1
                if self.end is not None:
                    return
                await news.wait()
        finally:
            self._leave(visitor)

    def _leave(self, visitor: str) -> None:
        self.viewers[visitor] -= 1
        if self.viewers[visitor] == 0:
            del self.viewers[visitor]
        if not self.viewers and self.end is None:
            self._since = asyncio.get_running_loop().time()
            self._left(self)

    def _add(self, event: Event) -> None:
        self._tail.append(event)
        self.count += 1
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _read(path: Path, place: Place, number: int) -> tuple[list[Event], Place]:
    """Return some events from this number on, and the place after them; `place` is one at or before it."""
    at, byte = place
    with path.open("rb") as file:
        file.seek(byte)
        while at < number:
            file.readline()
            at += 1
        events: list[Event] = [json.loads(line) for line in file.readlines(PART) if line.endswith(b"\n")]
        return events, (at + len(events), file.tell())
