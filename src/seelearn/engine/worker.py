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
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from seelearn.engine.frameworks import FRAMEWORKS, Framework, seed_everything
from seelearn.engine.isolation import cut_network
from seelearn.engine.module import load_module
from seelearn.events import encode
from seelearn.show import Show

MEMORY = 4 * 2**30
"""Bytes that a job may allocate."""


def main() -> None:
    """Load the framework, then run the jobs that arrive."""
    framework = FRAMEWORKS[sys.argv[1]]
    cut_network()  # before there is a second thread
    output = os.dup(1)
    os.dup2(2, 1)  # what a lesson prints must not end up among the events
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # and must not be lost when we end without a tear-down

    def send(message: Any) -> None:
        _write(output, encode(message))

    _limit_memory()
    broken = _load(framework)
    send({"kind": "ready"})
    for job in _jobs():
        path = Path(job["file"])
        if broken:
            send({"kind": "end", "reason": broken})
            continue
        try:
            _work(framework, job, path, send)
        except Exception as error:
            traceback.print_exc()
            send({"kind": "end", "reason": _describe(error, path) + _mend(error, framework)})
        else:
            send({"kind": "end", "reason": ""})


def _load(framework: Framework) -> str:
    """Load the framework; return why that is not possible, for whoever brings a job."""
    try:
        framework.load()
    except Exception as error:
        return f"{framework.title} is installed but cannot be loaded ({_name(error)}): {framework.repair}"
    return ""


def _work(framework: Framework, job: dict[str, Any], path: Path, send: Callable[[Any], None]) -> None:
    """Run the lesson in `path`, or measure it over many seeds."""
    if job["seeds"] is None:
        seed_everything(framework, job["seed"])
        load_module(path).run(Show(send), **job["parameters"])
        return
    from seelearn.engine.measure import measured  # noqa: PLC0415 (a run that is drawn needs no NumPy)

    seeds = range(job["seed"], job["seed"] + job["seeds"])
    for event in measured(framework, path, job["parameters"], job["axes"], seeds):
        send(event)


def _jobs() -> Iterator[Any]:
    """Yield the jobs that come on the standard input, and end with it: at once, with all that a lesson has started."""
    jobs: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=[jobs], daemon=True).start()
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
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    where = f" ({path.name}, line {lines[-1]})" if lines else ""
    return f"{_name(error)}{where}"


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _mend(error: Exception, framework: Framework) -> str:
    """Return the command for an import that failed because only a part of the framework's extra is installed."""
    return f": {framework.command}" if isinstance(error, ModuleNotFoundError) and framework.lacking else ""


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
