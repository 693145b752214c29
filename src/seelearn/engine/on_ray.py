"""Run jobs on a Ray cluster: each is a streaming task, and one whose worker is lost is run again."""

import json
import logging
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seelearn.engine.frameworks import FRAMEWORKS
from seelearn.engine.job import Job
from seelearn.engine.local import Limits, Worker
from seelearn.engine.pool import Events, JobError, Pool
from seelearn.engine.recording import End, Recorder
from seelearn.errors import UserError
from seelearn.events import Event, encode

RETRIES = 3
"""How often Ray runs a task again whose worker is lost."""
FILES = ("lesson.toml", "*.py")
"""What a node of the cluster needs of a lesson; seelearn and the framework must be installed there."""


def connect(address: str, hint: str) -> Any:
    """Return Ray, connected to a cluster; "local" starts one on this machine for as long as it is needed.

    Raises `UserError` if Ray is not installed or the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray  # noqa: PLC0415 (an extra)
    except ImportError:
        raise UserError("--ray needs Ray, which is not installed: pip install 'seelearn[ray]'") from None
    dashboard: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        _reach(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **dashboard)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"no Ray cluster at {address!r} ({reason}): {hint}") from None
    return ray


class RayPool(Pool):
    """Runs measuring jobs as Ray tasks at `address`."""

    def __init__(self, file: Path, folder: Path, address: str) -> None:
        super().__init__(file, folder)
        self._ray = connect(address, "try --ray local")

    def _measure(self, jobs: Sequence[Job]) -> Events:
        ray = self._ray
        task = ray.remote(num_returns="streaming", max_retries=RETRIES)(measure)
        files = _files(self._file)
        waiting = {task.remote(files, self._file.name, asdict(job)): job for job in jobs}
        recorders: dict[str, Recorder] = {}
        try:
            while waiting:
                [stream, *_], _ = ray.wait(list(waiting), num_returns=1)
                job = waiting[stream]
                if job.id not in recorders:
                    recorders[job.id] = Recorder(self._fresh(job), job)
                part = next(stream, None)
                if part is None:
                    del waiting[stream]
                    recorders.pop(job.id).close(End("finished"))
                    continue
                line: bytes = self._get(part, job)
                recorders[job.id].write(line)
                event: Event = json.loads(line)
                yield job, event
        finally:
            for recorder in recorders.values():
                recorder.close(End("stopped", "interrupted"))
            ray.shutdown()

    def _get(self, part: Any, job: Job) -> bytes:
        try:
            line: bytes = self._ray.get(part)
        except self._ray.exceptions.RayError as error:
            raise JobError(f"seed {job.seed} and after: {_last_line(error)}") from None
        return line


def pass_on(ray: Any, job: dict[str, Any], file: Path, send: Callable[[Any], None]) -> None:
    """Run the job, whose experiment is in `file`, somewhere in the cluster, and send its events.

    A run whose node is lost is run again by Ray, and goes on at the number of the event it had come to: of a run that
    is drawn, all events but their times are then the same. When a band is drawn depends on the clock, so a measuring
    one is not run again. Raises `UserError` that says why it failed.
    """
    retries = RETRIES if job["seeds"] is None else 0
    task = ray.remote(num_returns="streaming", max_retries=retries)(run)
    try:
        for part in task.remote(_files(file), file.name, job):
            send(json.loads(ray.get(part)))
    except ray.exceptions.RayTaskError as error:
        raise UserError(str(error.cause)) from None
    except ray.exceptions.RayError as error:
        raise UserError(f"a node of the cluster was lost: {_last_line(error)}") from None


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]


def _files(experiment: Path) -> dict[str, str]:
    """Return what a node needs of the lesson, by name."""
    folder = experiment.parent
    return {path.name: path.read_text(encoding="utf-8") for pattern in FILES for path in folder.glob(pattern)}


def _reach(address: str) -> None:
    """Raise OSError if nobody listens at HOST:PORT: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "//" not in host:
        socket.create_connection((host, int(port)), timeout=5).close()


def run(files: dict[str, str], name: str, job: dict[str, Any]) -> Iterator[bytes]:
    """Run one job on a node, in a process of its own with the limits of one: yield its events, a line of JSON each."""
    with _folder(job["lesson"], files) as folder:
        worker = Worker(job["framework"], Limits())
        try:
            yield from worker.work(folder / name, Job(**job))
        finally:  # finished, cancelled, or given up
            worker.close()


def measure(files: dict[str, str], name: str, job: dict[str, Any]) -> Iterator[bytes]:
    """Measure one job on a node: yield its events.

    A task that is run again goes on at the number of the event that the lost one came to, so there are no bands among
    them: when a band is drawn depends on the clock.
    """
    from seelearn.engine.measure import measured  # noqa: PLC0415 (on the node)

    framework = FRAMEWORKS[job["framework"]]
    framework.load()
    with _folder(job["lesson"], files) as folder:
        seeds = range(job["seed"], job["seed"] + job["seeds"])
        for event in measured(framework, folder / name, job["parameters"], job["axes"], seeds):
            if event["kind"] != "band":
                yield encode(event)


@contextmanager
def _folder(lesson: str, files: dict[str, str]) -> Iterator[Path]:
    """Write the files of a lesson on this node."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, lesson)
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        yield folder
