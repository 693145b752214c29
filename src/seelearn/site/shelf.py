"""Where the recordings of a site are kept: found again, and limited in what they take."""

import re
import shutil
from collections.abc import Collection
from pathlib import Path

from seelearn.engine.job import Job
from seelearn.engine.recording import end_of, read_header
from seelearn.errors import UserError

OURS = re.compile(r"[a-z0-9_]+-[0-9a-f]{16}(-\d+)?")
"""The name of a recording made here; `seelearn run` gives its own other names."""
SPARE = 256 * 2**20
"""Bytes that stay free on the disk: nothing is recorded below that."""


class Shelf:
    """The recordings below `folder`; they may take `keep` bytes together."""

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder, self._keep = folder, keep

    def find(self, job: Job) -> Path | None:
        """Return the recording of a finished run of this job."""
        for folder in sorted(self._folder.glob(f"{job.lesson}-{job.id}*")):
            try:
                if end_of(read_header(folder)).status == "finished":
                    return folder
            except UserError:
                continue
        return None

    def place(self, job: Job) -> Path:
        """Return a name that is free: an unfinished recording of the same job is kept."""
        base = folder = self._folder / f"{job.lesson}-{job.id}"
        number = 2
        while folder.exists():
            folder = base.with_name(f"{base.name}-{number}")
            number += 1
        return folder

    def has_room(self) -> bool:
        """Whether the disk has room for another recording."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._folder).free > SPARE

    def tidy(self, needed: Collection[Path]) -> None:
        """Delete the oldest recordings, but for those that are needed now, until the rest may stay."""
        sizes = {path: _size(path) for path in self._folder.iterdir() if OURS.fullmatch(path.name)}
        total = sum(size for size, _ in sizes.values())
        for path, (size, _) in sorted(sizes.items(), key=lambda item: item[1][1]):
            if total <= self._keep:
                return
            if path not in needed:
                shutil.rmtree(path, ignore_errors=True)
                total -= size


def _size(folder: Path) -> tuple[int, float]:
    """Return how many bytes a recording has, and when it was last written."""
    found = [path.stat() for path in folder.iterdir() if path.is_file()]
    return sum(one.st_size for one in found), max((one.st_mtime for one in found), default=0.0)
