"""The commands that put the course before readers: `serve` and `publish`."""

import argparse
import ipaddress
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from seelearn.errors import UserError
from seelearn.site.settings import LOCAL, Settings

PUBLISHED = Path("runs", "published")
"""Where the runs of an edition are recorded, to be taken again for the next one."""
SECRET = 12
"""Characters of a secret that nobody guesses."""


def serve_course(options: argparse.Namespace) -> int:
    """Serve the course until Ctrl-C."""
    from seelearn.site.server import serve  # noqa: PLC0415

    port, workers, keep = (_whole(options, name, *RANGES[name]) for name in ("port", "workers", "keep"))
    url = _url("url", options.url)
    hosts = (*LOCAL, *options.allow, *([urlsplit(url).hostname or ""] if url else []))
    if not _is_local(options.host):
        _check_public(options.host, hosts[len(LOCAL) :])
    settings = Settings(url=url, hosts=hosts, workers=workers, keep=keep * 2**30, ray=options.ray)
    return serve(options.catalogue, Path(options.runs), options.host, port, settings)


RANGES = {"port": (1, 65535, 8000), "workers": (1, 64, 2), "keep": (1, 10_000, 2)}
"""The least, the most and an example of each number."""


def _whole(options: argparse.Namespace, name: str, low: int, high: int, example: int) -> int:
    given = str(getattr(options, name))
    if not (re.fullmatch("[0-9]{1,6}", given) and low <= int(given) <= high):
        raise UserError(f"{name} is {given!r}, but must be a whole number from {low} to {high}: try {example}")
    return int(given)


def _url(name: str, given: str) -> str:
    url = given.rstrip("/")
    if url and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
        raise UserError(f"{name} is {url!r}, but must be a whole address: try https://course.example.org")
    return url


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise UserError(f"host is {host!r}, but must be an address of this machine: try 0.0.0.0") from None


def _check_public(host: str, allowed: tuple[str, ...]) -> None:
    """Raise unless whoever opens the site to others has thought of a secret and of the names to answer to."""
    if not allowed:
        raise UserError(f"with --host {host} others can connect: say under which name with --allow course.example.org")
    if len(os.environ.get("SEELEARN_SECRET", "")) < SECRET:
        raise UserError(
            f"with --host {host} others can connect: set SEELEARN_SECRET to {SECRET} or more characters that nobody "
            "guesses, such as those of: python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    print(
        f"seelearn: whoever can reach {host} can now run this course's lessons on this machine, within its limits",
        file=sys.stderr,
    )


def publish_course(options: argparse.Namespace) -> int:
    """Write the course as files for any web host, and say how much there is to send."""
    from seelearn.site.edition import Edition  # noqa: PLC0415

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    edition = Edition(
        options.catalogue, Path(options.folder), _url("url", options.url), _url("discussion", options.discussion)
    )
    edition.publish(PUBLISHED, say)
    weights = edition.weights()
    print(f"{len(weights)} files, {sum(whole for whole, _ in weights.values()) / 1e6:.1f} MB")
    for kind in ("lessons/", "runs/", "static/"):
        chosen = {name: sizes for name, sizes in weights.items() if kind in name}
        if chosen:
            heaviest = max(chosen, key=lambda name: chosen[name][1])
            whole, sent = (f"{size / 1e3:,.0f} kB" for size in chosen[heaviest])
            print(f"  heaviest of {len(chosen)} in {kind:9} {whole}, {sent} compressed  {heaviest}")
    print(f"  {Path(options.folder) / 'index.html'}")
    return 0
