"""The process that runs one job: `python -m seelearn.engine.worker FRAMEWORK`.

It imports the framework, says so, waits for jobs on its standard input, and writes events to its standard output, one
JSON text a line. It ends when its input closes, in the middle of a job too, so it never outlives the process that
started it. The messages that are not events are `ready` and `end`.
"""

import io
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from seelearn.engine.frameworks import FRAMEWORKS, Framework, seed_everything
from seelearn.engine.isolation import cut_network
from seelearn.engine.module import load_module
from seelearn.errors import UserError
from seelearn.events import encode
from seelearn.show import Show

MEMORY = 4 * 2**30
"""Bytes that a job may allocate."""
PATIENCE = 0.3
"""Seconds after which a worker without a job does what it would have to do later."""

Send = Callable[[Any], None]
Work = Callable[[dict[str, Any], Path, Send], None]
"""Does a job, with the path of its experiment, and sends what comes of it."""


def main() -> None:
    """Load the framework, then run the jobs that arrive."""
    framework = FRAMEWORKS[sys.argv[1]]
    cut_network()  # before there is a second thread
    _limit_memory()

    def load() -> Work:
        try:
            framework.load()
        except Exception as error:
            why = f"{framework.title} is installed but cannot be loaded ({_name(error)})"
            raise UserError(f"{why}: {framework.repair}") from error
        return partial(_work, framework)

    attend(load, framework.prepare)


def attend(load: Callable[[], Work], rest: Callable[[], object] | None = None) -> None:
    """Load, say that we are ready, then do the jobs that arrive; call `rest` if the first one lets us wait."""
    output = os.dup(1)
    os.dup2(2, 1)  # what a lesson prints must not end up among the events
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # and must not be lost when we end without a tear-down

    def send(message: Any) -> None:
        _write(output, encode(message))

    try:
        work = load()
    except UserError as error:
        send({"kind": "end", "reason": str(error)})
        for _ in _jobs():
            continue  # whoever brings one reads why it cannot be done
    send({"kind": "ready"})
    for job in _jobs(rest):
        path = Path(job.pop("file"))
        try:
            work(job, path, send)
        except Exception as error:
            traceback.print_exc()
            send({"kind": "end", "reason": _describe(error, path)})
        else:
            send({"kind": "end", "reason": ""})


def _work(framework: Framework, job: dict[str, Any], path: Path, send: Send) -> None:
    """Run the lesson in `path`, or measure it over many seeds."""
    try:
        _run(framework, job, path, send)
    except ModuleNotFoundError as error:
        if framework.lacking:
            raise UserError(f"{_describe(error, path)}: {framework.command}") from error
        raise


def _run(framework: Framework, job: dict[str, Any], path: Path, send: Send) -> None:
    if job["seeds"] is None:
        seed_everything(framework, job["seed"])
        load_module(path).run(Show(send), **job["parameters"])
        return
    from seelearn.engine.measure import measured  # noqa: PLC0415 (a run that is drawn needs no NumPy)

    seeds = range(job["seed"], job["seed"] + job["seeds"])
    for event in measured(framework, path, job["parameters"], job["axes"], seeds):
        send(event)


def _jobs(rest: Callable[[], object] | None = None) -> Iterator[Any]:
    """Yield the jobs that come on the standard input, and end with it: at once, with all that a lesson has started."""
    jobs: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=[jobs], daemon=True).start()
    if rest is not None:
        try:
            yield json.loads(jobs.get(timeout=PATIENCE))
        except Empty:
            rest()
    while True:
        yield json.loads(jobs.get())


def _listen(jobs: SimpleQueue[bytes]) -> None:
    with open(0, "rb", closefd=False) as commands:
        for line in commands:
            jobs.put(line)
    if sys.platform != "win32":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _describe(error: Exception, path: Path) -> str:
    """Name the error and the last line of the lesson that it passed through."""
    if isinstance(error, UserError):  # it has been named already, elsewhere
        return str(error)
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    where = f" ({path.name}, line {lines[-1]})" if lines else ""
    return f"{_name(error)}{where}"


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _write(descriptor: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except BrokenPipeError:  # who started us has gone, and nobody is left to tell
        os._exit(1)


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 (not on Windows)
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


if __name__ == "__main__":
    main()
