"""What the environment says about the discussion, and the two secrets that are made when it says nothing."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seelearn.errors import UserError

TLS = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True)
class Smtp:
    """The server that takes our mail. `tls` is one of `TLS`."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    tls: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How the discussion is set up.

    `secret` signs links and cookies, `admin` opens the moderators' page, `url` is the address that mail links to,
    `origins` are the sites elsewhere (static editions) whose pages may read and write here.
    """

    database: str = field(repr=False)
    secret: str = field(repr=False)
    admin: str = field(repr=False)
    url: str = ""
    origins: frozenset[str] = frozenset()
    smtp: Smtp | None = None


def read_settings(folder: Path, environment: Mapping[str, str] = os.environ, url: str = "") -> Settings:
    """Read the `SEELEARN_…` variables; what they leave open lies in `folder`, which is made if need be.

    Raises `UserError` where a variable has a value that it cannot have.
    """
    given = {key: value.strip() for key, value in environment.items() if key.startswith("SEELEARN_")}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = Settings(
        database=given.get("SEELEARN_DATABASE") or f"sqlite:///{(folder / 'discussion.sqlite').absolute()}",
        secret=given.get("SEELEARN_SECRET") or _kept(folder / "secret"),
        admin=given.get("SEELEARN_ADMIN") or _kept(folder / "admin"),
        url=_url(given.get("SEELEARN_URL") or url),
        origins=frozenset(given.get("SEELEARN_ORIGINS", "").split()),
        smtp=_smtp(given),
    )
    for name, value in (("SEELEARN_SECRET", settings.secret), ("SEELEARN_ADMIN", settings.admin)):
        if len(value) < 12:
            raise UserError(
                f"{name} has {len(value)} characters, but must have 12 or more: make one with `openssl rand -hex 16`"
            )
    if settings.smtp and not settings.url:
        raise UserError(
            "SEELEARN_SMTP_HOST is set, but mail needs SEELEARN_URL, the site's public address, for its links"
        )
    return settings


def _url(given: str) -> str:
    if given and not given.startswith(("http://", "https://")):
        raise UserError(f"SEELEARN_URL is {given[:80]!r}, but must begin with http:// or https://")
    return given.rstrip("/")


def _smtp(given: Mapping[str, str]) -> Smtp | None:
    def value(name: str, default: str = "") -> str:
        return given.get(f"SEELEARN_SMTP_{name}") or default

    if not value("HOST"):
        return None
    tls, port, sender = value("TLS", "starttls"), value("PORT", "587"), value("FROM")
    if tls not in TLS:
        raise UserError(f"SEELEARN_SMTP_TLS is {tls[:60]!r}, but must be one of {', '.join(TLS)}")
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise UserError(f"SEELEARN_SMTP_PORT is {port[:60]!r}, but must be a whole number from 1 to 65535")
    if "@" not in sender:
        raise UserError("SEELEARN_SMTP_FROM must be the address that mail comes from, such as course@example.org")
    return Smtp(value("HOST"), int(port), value("USER"), value("PASSWORD"), sender, tls)


def _kept(path: Path) -> str:
    """Return the secret in a file that only we can read; make it at the first start, whole or not at all."""
    if not path.exists():
        draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
        try:
            path.hardlink_to(draft)  # the other server process may have been first: then we take its secret
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
