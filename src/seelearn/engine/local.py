"""Run jobs in worker processes, and record them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from seelearn.engine.job import Job
from seelearn.engine.recording import End, Recorder
from seelearn.errors import UserError
from seelearn.events import Event


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take: seconds, threads, and bytes of events."""

    seconds: float = 600
    threads: int = 1
    events: int = 64 * 2**20


class WorkerError(Exception):
    """The worker ended without finishing its job; the message says why."""


class LostWorkerError(WorkerError):
    """The worker was killed, by the system perhaps: another one might finish the job."""


class Worker:
    """A process with a framework loaded, ready for a job, and for the next when that is done.

    With `cluster` it has reached the Ray cluster at this address instead, and passes the job on.
    """

    def __init__(self, framework: str, limits: Limits, cluster: str = "") -> None:
        self.framework = framework
        self._closed = self._ready = False
        threads = str(limits.threads)
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
        self._process = subprocess.Popen(  # noqa: S603
            [
                sys.executable,
                "-m",
                *(["seelearn.engine.ray_worker", cluster] if cluster else ["seelearn.engine.worker", framework]),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(names, threads)},
            start_new_session=True,  # Ctrl-C is for us: we then end the worker and close the recording
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Wait until it is ready for its first job; raise `WorkerError` if it cannot be."""
        assert self._process.stdout is not None  # noqa: S101
        if self._ready:
            return
        line = self._process.stdout.readline()
        if line.startswith(b'{"kind":"end"'):
            raise WorkerError(json.loads(line)["reason"])
        if not line:
            raise self._last_words()
        self._ready = True

    def work(self, file: Path, job: Job) -> Iterator[bytes]:
        """Run the job and yield its events as they come, each a line of JSON; raise `WorkerError` if it fails."""
        self.wait()
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        command = {**asdict(job), "file": str(file)}
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._last_words() from None
        for line in self._process.stdout:
            if line.startswith(b'{"kind":"end"'):
                reason = json.loads(line)["reason"]
                if reason:
                    raise WorkerError(reason)
                return
            if line.endswith(b"\n"):
                yield line
        raise self._last_words()

    def kill(self) -> None:
        """End the process and all it has started, at once; what it has written can still be read.

        Any thread may call this, also when the process has ended by itself.
        """
        if self._closed:
            return  # its number may be another's by now
        if sys.platform == "win32":
            self._process.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # it leads a session of its own

    def close(self) -> None:
        """End the process and let go of its pipes."""
        self.kill()
        self._process.wait()
        self._closed = True
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def _last_words(self) -> WorkerError:
        code = self._process.wait()
        if code < 0:
            return LostWorkerError(f"its worker was killed by {signal.Signals(-code).name}")
        return WorkerError(f"its worker ended with exit code {code}")


class Run:
    """A job in a worker: iterate over it, once, for its events; each is recorded before it is given.

    When the iteration is over, `end` says how, and `after` has been given the worker. `stop` may be called from another
    thread.
    """

    def __init__(
        self,
        worker: Worker,
        file: Path,
        job: Job,
        folder: Path,
        limits: Limits,
        after: Callable[[Worker, End], None],
    ) -> None:
        self.job = job
        self.folder = folder
        self.end = End("running")
        self.lost = False
        """Whether it failed because its worker was killed, and not by `stop`"""
        self.size = 0
        """The bytes of events recorded so far"""
        self.worker = worker
        self._file = file
        self._limits = limits
        self._after = after
        self._asked: End | None = None

    def stop(self, end: End) -> None:
        """End the run now; `end` says why. What the worker had written by then still comes."""
        self._asked = end
        self.worker.kill()

    def __iter__(self) -> Generator[Event]:
        """Yield the events; whatever happens, the recording is closed with the reason.

        Raises OSError if its folder cannot be made.
        """
        try:
            recorder = Recorder(self.folder, self.job)
        except OSError:
            self.worker.close()
            raise
        limit = self._limits.seconds
        fewer = "steps" if self.job.seeds is None else "seeds"
        late = End("failed", f"it took longer than {limit:g} seconds: try fewer {fewer}")
        timer = threading.Timer(limit, self.stop, [late])
        timer.daemon = True
        end = End("stopped", "interrupted")  # unless something below says otherwise
        try:
            self.worker.wait()
            timer.start()  # loading a framework is not the lesson's time
            yield from self._events(recorder)
            end = End("finished")
        except WorkerError as error:
            self.lost = self._asked is None and isinstance(error, LostWorkerError)
            end = self._asked or End("failed", str(error))
        except OSError as error:
            end = End("failed", f"the recording could not be written: {error.strerror}")
        finally:
            timer.cancel()
            recorder.close(end)
            self.end = end
            self._after(self.worker, end)

    def _events(self, recorder: Recorder) -> Iterator[Event]:
        for line in self.worker.work(self._file, self.job):
            if self.size + len(line) > self._limits.events:
                raise WorkerError(f"more than {self._limits.events >> 20} MiB of events")
            recorder.write(line)
            self.size += len(line)
            event: Event = json.loads(line)
            yield event


class Engine:
    """Start runs in workers of this machine, which pass them on if there is a Ray `cluster`.

    With `spares`, so many workers of the framework last asked for are kept loaded, so that the next runs start at once.
    """

    def __init__(self, limits: Limits | None = None, *, spares: int = 0, cluster: str = "") -> None:
        self._limits = limits or Limits()
        self._cluster = cluster
        self._wanted = spares
        self._spares: list[Worker] = []
        self._lock = threading.Lock()

    def warm(self, framework: str) -> None:
        """Load the spare workers of this framework, in the background."""
        with self._lock:
            self._keep(framework, self._wanted)

    def check(self) -> None:
        """Raise `UserError` if there is a cluster that workers cannot reach."""
        if not self._cluster:
            return
        worker = self._worker("")
        try:
            worker.wait()
        except WorkerError as error:
            raise UserError(str(error)) from None
        finally:
            worker.close()

    def start(self, job: Job, file: Path, folder: Path) -> Run:
        """Give the job, whose experiment is in `file`, to a worker; record it in a new `folder`."""
        with self._lock:
            self._keep(job.framework, 0)
            worker = self._spares.pop(0) if self._spares else self._worker(job.framework)
        return Run(worker, file, job, folder, self._limits, self._replace)

    def _replace(self, worker: Worker, end: End) -> None:
        """Load the next spare once a run is over: loading takes a core, which the run and its viewers need.

        A worker that has run a lesson is not used again, so nothing that it leaves behind can reach the next run.
        """
        worker.close()
        with suppress(OSError):  # the next run will start a worker itself, and say why it cannot
            self.warm(worker.framework)

    def close(self) -> None:
        """End the spare workers, and keep no others."""
        with self._lock:
            self._wanted = 0
            for worker in self._spares:
                worker.close()
            self._spares.clear()

    def _keep(self, framework: str, number: int) -> None:
        """Drop spares that are dead or of another framework, and start those that are missing."""
        for worker in [one for one in self._spares if not one.alive or one.framework != framework]:
            worker.close()
            self._spares.remove(worker)
        while len(self._spares) < number:
            self._spares.append(self._worker(framework))

    def _worker(self, framework: str) -> Worker:
        return Worker(framework, self._limits, self._cluster)
