"""Run many measuring jobs of one lesson, several at a time, and go on where an earlier try was stopped."""

import os
import shutil
import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import Job
from seelearn.engine.local import Limits, Run, Worker
from seelearn.engine.recording import End, Recording
from seelearn.errors import UserError
from seelearn.events import Event

SECONDS = 3600
"""What one job may take: many seeds of a slow lesson."""
TRIES = 2
"""A worker may be lost to something else on the machine; a job that loses two is not run again."""

Events = Generator[tuple[Job, Event]]


class JobError(UserError):
    """A job failed; what was measured before it is kept, and the next try goes on from there."""


class Pool(ABC):
    """Runs jobs, and records each in a folder of its own below `folder`."""

    def __init__(self, file: Path, folder: Path) -> None:
        self._file, self._folder = file, folder
        self._ids: set[str] = set()

    def run(self, jobs: Iterable[Job]) -> Events:
        """Yield every event of every job, those of one job in order; a job recorded before is read, not run.

        Raises `JobError` when a job fails. When the iteration is given up, all workers are stopped.
        """
        waiting = []
        for job in jobs:
            self._ids.add(job.id)
            recording = self._recorded(job)
            if recording is None:
                waiting.append(job)
                continue
            for event in recording.events:
                yield job, event
        yield from self._measure(waiting)

    def forget(self) -> None:
        """Delete what was recorded of these jobs: it stands somewhere else now."""
        for name in self._ids:
            shutil.rmtree(self._folder / name, ignore_errors=True)
        with suppress(OSError):  # another command's jobs are kept there, too
            self._folder.rmdir()

    @abstractmethod
    def _measure(self, jobs: Sequence[Job]) -> Events:
        """Run jobs that are not recorded yet."""

    def _recorded(self, job: Job) -> Recording | None:
        try:
            recording = Recording.read(self._folder / job.id)
        except UserError:
            return None
        whole = len(recording.events) == recording.header.get("events")
        return recording if whole and recording.end.status == "finished" else None

    def _fresh(self, job: Job) -> Path:
        """Return the folder for a job's recording, without that of a try that did not end."""
        folder = self._folder / job.id
        shutil.rmtree(folder, ignore_errors=True)
        return folder


class LocalPool(Pool):
    """Runs jobs in workers of this machine.

    A worker that has finished one job takes the next: all are of the same lesson, and each seeds everything anew.
    """

    def __init__(self, file: Path, folder: Path, limits: Limits, workers: int) -> None:
        super().__init__(file, folder)
        self._limits, self._workers = limits, workers
        self._lock = threading.Lock()
        self._runs: set[Run] = set()
        self._news: SimpleQueue[tuple[Job, Event] | None] = SimpleQueue()
        self._stopped = False
        self._failure: Exception | None = None

    def _measure(self, jobs: Sequence[Job]) -> Events:
        todo = iter(jobs)
        self._stopped, self._failure = False, None
        threads: list[threading.Thread] = []
        try:
            for _ in jobs[: self._workers]:
                threads.append(threading.Thread(target=self._work, args=[todo]))
                threads[-1].start()
            for _ in threads:
                yield from iter(self._news.get, None)
        finally:
            self._stop()
            for thread in threads:
                thread.join()
        if self._failure is not None:
            raise self._failure

    def _work(self, todo: Iterator[Job]) -> None:
        idle: list[Worker] = []
        try:
            while (job := self._next(todo)) is not None:
                self._run(job, idle)
        except OSError as error:
            self._failure = JobError(f"the recording could not be written: {error.strerror}")
        except Exception as error:  # for the thread that waits for us
            self._failure = error
        finally:
            for worker in idle:
                worker.close()
            self._news.put(None)

    def _next(self, todo: Iterator[Job]) -> Job | None:
        with self._lock:
            return None if self._stopped or self._failure else next(todo, None)

    def _run(self, job: Job, idle: list[Worker]) -> None:
        def after(worker: Worker, end: End) -> None:
            if end.status == "finished":
                idle.append(worker)
            else:
                worker.close()

        for _ in range(TRIES):
            worker = idle.pop() if idle else self._worker(job)
            run = Run(worker, self._file, job, self._fresh(job), self._limits, after)
            with self._lock:
                self._runs.add(run)
                if self._stopped:
                    run.stop(End("stopped", "interrupted"))
            events = list(run)
            with self._lock:
                self._runs.discard(run)
            if not run.lost:
                break
        if run.end.status == "failed":
            self._failure = JobError(f"seed {job.seed} and after: {run.end.reason}")
        for event in events if run.end.status == "finished" else []:
            self._news.put((job, event))

    def _worker(self, job: Job) -> Worker:
        try:
            return Worker(job.framework, self._limits)
        except OSError as error:
            raise JobError(f"no worker could be started: {error.strerror}") from None

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for run in self._runs:
                run.stop(End("stopped", "interrupted"))


def make_pool(lesson: Lesson, framework: str, folder: Path, ray: str | None) -> Pool:
    """Return the pool for a lesson: a Ray cluster if its address is given, else one worker for each core.

    A worker keeps to one thread: small networks gain nothing from more.
    """
    file = lesson.file(framework)
    if ray is not None:
        from seelearn.engine.on_ray import RayPool  # noqa: PLC0415 (an extra)

        return RayPool(file, folder, ray)
    return LocalPool(file, folder, Limits(seconds=SECONDS), os.cpu_count() or 1)
