"""Live runs: a queue before a few workers, one recording for each job, and any number of viewers."""

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from seelearn.engine.job import Job
from seelearn.engine.local import Engine
from seelearn.engine.recording import End, end_of, read_header
from seelearn.errors import NotFoundError, UserError
from seelearn.site.live import LiveRun, Turn
from seelearn.site.shelf import Shelf

WAITING = 100
"""Runs that may wait; whoever comes then is asked to come back."""
KEPT = 1000
"""Runs whose address is known; that of an older one is known again when somebody presses Run."""
USUAL = 10.0
"""Seconds that a run is thought to take until some have been timed."""

LEFT = "its last viewer has left"
CHANGED = "its reader has started another"
CLOSED = "the server was stopped"


class BusyError(UserError):
    """There is no room for another run now; `seconds` says when there may be."""

    def __init__(self, reason: str, seconds: int) -> None:
        super().__init__(reason)
        self.reason, self.seconds = reason, seconds


class Runs:
    """All live runs, by the id of their job: who asks for the same job sees the same run.

    At most `workers` of them run at a time, first come, first served. One that nobody watches for `grace` seconds is
    stopped. All methods belong to the event loop.
    """

    def __init__(self, engine: Engine, shelf: Shelf, workers: int, grace: float) -> None:
        self._engine, self._shelf, self._workers, self._grace = engine, shelf, workers, grace
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="run")
        self._runs: dict[str, LiveRun] = {}
        self._latest: dict[str, LiveRun] = {}
        self._waiting: deque[tuple[LiveRun, Path]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._durations: deque[float] = deque(maxlen=20)

    def start(self, job: Job, file: Path, visitor: str) -> LiveRun:
        """Return the run of this job: one under way, one recorded to its end, or a new one that may have to wait.

        Another run that only this visitor watches is stopped. Raises `BusyError` if there is no room.
        """
        known = self._runs.get(job.id)
        if known is None or (known.end is not None and known.end.status != "finished") or not known.folder.exists():
            known = self._recorded(job) or self._submit(job, file)
        previous = self._latest.get(visitor)
        if previous is not None and previous is not known and previous.end is None and not previous.others(visitor):
            self._end(previous, End("stopped", CHANGED))
        self._latest.pop(visitor, None)
        self._latest[visitor] = known
        self._forget()
        return known

    def find(self, id: str) -> LiveRun:
        """Return the run of the job with this id."""
        if id not in self._runs:
            raise NotFoundError(f"no run {id[:60]!r}: press Run again")
        return self._runs[id]

    def stop(self, run: LiveRun, reason: str) -> None:
        """End a run, whether it waits or runs."""
        self._end(run, End("stopped", reason))

    def stop_all(self) -> None:
        """End all runs; their viewers are told and their recordings say why."""
        for run in list(self._runs.values()):
            self._end(run, End("stopped", CLOSED))

    async def close(self) -> None:
        """Stop everything and wait until the recordings are closed."""
        self.stop_all()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.to_thread(self._engine.close)

    def _submit(self, job: Job, file: Path) -> LiveRun:
        if len(self._waiting) >= WAITING:
            raise BusyError("full", round(self._seconds(len(self._waiting))))
        if not self._shelf.has_room():
            raise BusyError("disk", 3600)
        run = LiveRun(job, self._shelf.place(job), self._left)
        self._remember(run)
        self._waiting.append((run, file))
        self._left(run)  # nobody watches yet
        self._dispatch()
        return run

    def _recorded(self, job: Job) -> LiveRun | None:
        folder = self._shelf.find(job)
        if folder is None:
            return None
        run = LiveRun(job, folder, self._left)
        header = read_header(folder)
        run.replay(end_of(header), header["events"])
        self._remember(run)
        return run

    def _remember(self, run: LiveRun) -> None:
        self._runs.pop(run.job.id, None)
        self._runs[run.job.id] = run

    def _dispatch(self) -> None:
        """Give the runs that have waited longest to the workers that are free, and tell the others where they are."""
        while self._waiting and len(self._running) < self._workers:
            run, file = self._waiting.popleft()
            task = asyncio.create_task(self._follow(run, file))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            task.add_done_callback(lambda _: self._dispatch())
        for position, (run, _) in enumerate(self._waiting, 1):
            run.wait(Turn(position, self._seconds(position)))

    def _seconds(self, position: int) -> float:
        """Return about how long the run at this place in the queue has to wait."""
        usual = sum(self._durations) / len(self._durations) if self._durations else USUAL
        return usual * position / self._workers

    async def _follow(self, run: LiveRun, file: Path) -> None:
        begun = time.monotonic()
        await run.follow(self._engine.start, file, self._threads)
        self._durations.append(time.monotonic() - begun)
        needed = {one.folder for one in self._runs.values() if one.viewers or one.end is None}
        await asyncio.to_thread(self._shelf.tidy, needed)

    def _end(self, run: LiveRun, end: End) -> None:
        waiting = next((one for one in self._waiting if one[0] is run), None)
        if waiting is not None:
            self._waiting.remove(waiting)
            self._dispatch()
        run.stop(end)

    def _left(self, run: LiveRun) -> None:
        """Give a run that has no viewer, for now, some time to find one."""
        asyncio.get_running_loop().call_later(self._grace, self._end_unseen, run)

    def _end_unseen(self, run: LiveRun) -> None:
        if run.end is None and run.unseen() >= self._grace:
            self._end(run, End("stopped", LEFT))

    def _forget(self) -> None:
        ended = [name for name, run in self._runs.items() if run.end is not None and not run.viewers]
        for name in ended[: max(0, len(self._runs) - KEPT)]:
            del self._runs[name]
        for visitor in list(self._latest)[: max(0, len(self._latest) - KEPT)]:
            del self._latest[visitor]
