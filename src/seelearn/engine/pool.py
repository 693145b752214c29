"""Run many jobs of one lesson, several at a time, and go on where an earlier try was stopped."""

import threading
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue

from seelearn.engine.job import Job
from seelearn.engine.local import Limits, Run, Worker
from seelearn.engine.recording import End, Recording
from seelearn.errors import UserError
from seelearn.events import Event

TRIES = 2
"""A worker may be lost to something else on the machine; a job that loses two is not run again."""


class JobError(UserError):
    """A job failed; what was measured before it is kept, and the next try goes on from there."""


def finished(folder: Path, job: Job) -> Recording | None:
    """Return the recording of a job, if it was recorded to its end."""
    try:
        recording = Recording.read(folder / job.id)
    except UserError:
        return None
    return recording if recording.end.status == "finished" else None


class Pool:
    """Runs measuring jobs in workers of this machine; each is recorded in a folder of its own below `folder`.

    A worker that has finished one job takes the next: all are of the same lesson, and each seeds everything anew.
    """

    def __init__(self, file: Path, folder: Path, limits: Limits, workers: int) -> None:
        self._file, self._folder, self._limits, self._workers = file, folder, limits, workers
        self._news: SimpleQueue[tuple[Job, Event] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._runs: set[Run] = set()
        self._stopped = False
        self._failure: JobError | None = None

    def run(self, jobs: Iterable[Job]) -> Generator[tuple[Job, Event]]:
        """Yield every event of every job, those of one job in order; what is recorded already comes from there.

        Raises `JobError` when a job fails. When the iteration is given up, all workers are stopped.
        """
        waiting = []
        for job in jobs:
            recording = finished(self._folder, job)
            if recording is None:
                waiting.append(job)
                continue
            yield from ((job, event) for event in recording.events)
        todo = iter(waiting)
        threads = [threading.Thread(target=self._work, args=[todo]) for _ in waiting[: self._workers]]
        for thread in threads:
            thread.start()
        try:
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
            worker = idle.pop() if idle else Worker(job.framework, self._limits)
            run = Run(worker, self._file, job, self._free(job), self._limits, after)
            with self._lock:
                self._runs.add(run)
            events = list(run)
            with self._lock:
                self._runs.discard(run)
            if not run.lost:
                break
        if run.end.status == "failed":
            self._failure = JobError(f"seed {job.seed} and after: {run.end.reason}")
        for event in events if run.end.status == "finished" else []:
            self._news.put((job, event))

    def _free(self, job: Job) -> Path:
        """Return the folder of a job, emptied of a try that did not end."""
        folder = self._folder / job.id
        if folder.exists():
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
        return folder

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for run in self._runs:
                run.stop(End("stopped", "interrupted"))
