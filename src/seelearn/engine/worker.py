"""The process that runs one job: `python -m seelearn.engine.worker FRAMEWORK`.

It imports the framework, says so, waits for one job on its standard input, and writes events to its standard output,
one JSON text a line. It ends with its job, and also when its input closes, so it never outlives the process that
started it. The messages that are not events are `ready` and `end`.
"""

import importlib.util
import io
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seelearn.engine.frameworks import FRAMEWORKS, seed_everything
from seelearn.show import Show

MEMORY = 4 * 2**30
"""Bytes that a job may allocate."""


def main() -> None:
    """Load the framework, then run the one job that arrives."""
    framework = FRAMEWORKS[sys.argv[1]]
    output = os.dup(1)
    os.dup2(2, 1)  # what a lesson prints must not end up among the events
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # and must not be lost when we end without a tear-down

    def send(message: Any) -> None:
        text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        _write(output, text.encode() + b"\n")

    _limit_memory()
    framework.load()
    send({"kind": "ready"})
    with open(0, "rb", buffering=0, closefd=False) as commands:
        line = commands.readline()
    if not line:
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = json.loads(line)
    seed_everything(framework, job["seed"])
    path = Path(job["file"])
    try:
        load_run(path)(Show(send), **job["parameters"])
    except Exception as error:
        traceback.print_exc()
        send({"kind": "end", "reason": _describe(error, path)})
    else:
        send({"kind": "end", "reason": ""})


def load_run(path: Path) -> Callable[..., None]:
    """Import a lesson's file by its path and return its `run`."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    run: Callable[..., None] = module.run
    return run


def _describe(error: Exception, path: Path) -> str:
    """Name the error and the last line of the lesson that it passed through."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    where = f" ({path.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"


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


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    if sys.platform != "win32":
        os.killpg(0, signal.SIGKILL)  # with all that the lesson has started
    os._exit(1)


if __name__ == "__main__":
    main()
    # Without the frameworks' own tear-down, which can take as long as the job.
    sys.stderr.flush()
    os._exit(0)
