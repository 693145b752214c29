"""What whoever serves the site decides."""

import os
from dataclasses import dataclass

LOCAL = ("127.0.0.1", "localhost")
WORKERS = min(4, os.cpu_count() or 1)
"""Runs at a time: each takes a core, and its viewers and the pages need some of what is left."""
KEEP = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Settings:
    """How a site is served."""

    url: str = ""
    """The address by which the world knows it; without one, pages name the address by which they were asked for"""
    hosts: tuple[str, ...] = LOCAL
    """The names under which it answers: a request for another one is refused"""
    workers: int = WORKERS
    keep: int = KEEP
    """The bytes that recordings may take together; the oldest go first"""
    grace: float = 10.0
    """Seconds for which a run goes on without a viewer: a page that is loaded again comes back within them"""
    ray: str = ""
    """The address of a Ray cluster that does the work; without one this machine does"""
