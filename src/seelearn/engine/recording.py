"""A run on disk: `run.json` says what ran and how it ended, `events.jsonl` holds every event, one a line."""

import json
import platform
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self, get_args

from seelearn.engine.job import Job
from seelearn.errors import NotFoundError, UserError
from seelearn.events import Event, is_event

FORMAT = 2
Status = Literal["running", "finished", "stopped", "failed"]
HEADER = {"format", "python", "machine", "started", "seconds", "status", "reason", *Job.__dataclass_fields__}
EVENTS = "events.jsonl"
CUT_OFF = "it has no end: its process is still running, or was killed"


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended; `reason` is empty for a finished one."""

    status: Status
    reason: str = ""


class Recorder:
    """Write a run as it happens.

    Every event is handed to the operating system before the next one is read, so a killed process loses none. When the
    disk is full the last half-written line is taken back, and the reason fits into the block that run.json has already.
    """

    def __init__(self, folder: Path, job: Job) -> None:
        self.folder = folder
        self._job = job
        self._started = datetime.now(UTC)
        self._count = 0
        self._size = 0
        folder.mkdir(parents=True)
        self._events = (folder / EVENTS).open("wb", buffering=0)
        self._describe(End("running"))

    def write(self, line: bytes) -> None:
        """Append one event, a JSON text with its newline; raises OSError with the file still whole."""
        try:
            written = self._events.write(line)
            while written < len(line):  # a nearly full disk takes a part, then refuses
                written += self._events.write(line[written:])
        except OSError:
            self._events.truncate(self._size)
            self._events.seek(self._size)
            raise
        self._size += len(line)
        self._count += 1

    def close(self, end: End) -> None:
        """Say how it ended."""
        self._events.close()
        with suppress(OSError):  # a disk so full that not even this fits: it then reads as cut off
            self._describe(end)

    def _describe(self, end: End) -> None:
        seconds = (datetime.now(UTC) - self._started).total_seconds()
        header = {
            "format": FORMAT,
            **asdict(self._job),
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}",
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "events": self._count,
            **asdict(end),
        }
        text = json.dumps(header, ensure_ascii=False, indent=1).encode() + b"\n"
        # Written over the old text, in the block the file already has: a new file would need room on a full disk.
        path = self.folder / "run.json"
        with path.open("r+b" if path.exists() else "wb", buffering=0) as file:
            file.write(text)
            file.truncate()


@dataclass(frozen=True, slots=True)
class Recording:
    """A run read back: its header, its events up to the last whole one, and how it ended."""

    folder: Path
    header: dict[str, Any]
    events: list[Event]
    end: End

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the recording in a folder; raise `UserError` if there is none or it is from a newer version."""
        header = read_header(folder)
        try:
            lines = (folder / EVENTS).read_bytes().splitlines(keepends=True)
        except OSError:
            raise _missing(folder) from None
        return cls(folder, header, list(_whole(lines)), end_of(header))

    @property
    def job(self) -> Job:
        """Return the job that was run."""
        return Job(**{name: self.header[name] for name in Job.__dataclass_fields__})


def read_header(folder: Path) -> dict[str, Any]:
    """Read what the recording in a folder says of itself; raise `UserError` as `Recording.read` does."""
    try:
        header = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _missing(folder) from None
    newest = header.get("format") if isinstance(header, dict) else None
    if newest == 1:
        header |= {"seeds": None, "axes": {}}  # before format 2 every run was drawn
    if isinstance(newest, int) and newest > FORMAT:
        raise UserError(
            f"{folder} has format {newest}, and this seelearn reads up to {FORMAT}: pip install -U seelearn"
        )
    missing = HEADER - set(header if isinstance(header, dict) else {})
    if missing or header["status"] not in get_args(Status):
        raise UserError(f"{folder / 'run.json'} is damaged: it lacks {', '.join(sorted(missing)) or 'a known status'}")
    read: dict[str, Any] = header
    return read


def end_of(header: dict[str, Any]) -> End:
    """Return how a recording ended; one that nobody has closed was cut off."""
    running = header["status"] == "running"
    return End("failed", CUT_OFF) if running else End(header["status"], header["reason"])


def _missing(folder: Path) -> NotFoundError:
    return NotFoundError(f"no recording in {folder}: give a folder that holds run.json and events.jsonl")


def _whole(lines: list[bytes]) -> Iterator[Event]:
    """Yield the events up to the first line that is not whole JSON, without lines that are no event."""
    for line in lines:
        try:
            event: Event = json.loads(line)
        except ValueError:
            return
        if line.endswith(b"\n") and is_event(event):
            yield event
