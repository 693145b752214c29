"""What every address of the discussion works with, and what it knows of the one who asks."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Header, Path, Request

from seelearn.discussion.database import Database
from seelearn.discussion.mailboxes import Links
from seelearn.discussion.rates import Rates
from seelearn.discussion.settings import Settings
from seelearn.discussion.words import RefusedError
from seelearn.engine.catalogue import Catalogue

Language = Literal["zh", "en"]
Number = Annotated[int, Path(ge=1, lt=2**31)]
"""The id of a row, as an address can hold it."""

_TOKEN = re.compile(r"Bearer ([A-Za-z0-9_-]{43,128})")


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of one discussion."""

    catalogue: Catalogue
    settings: Settings
    database: Database
    rates: Rates
    links: Links

    def allow(self, what: str, request: Request) -> None:
        """Count one act of a client (see rates.py); raise if it is one too many.

        The address is that of the connection; uvicorn puts there what a proxy says, if it trusts the proxy
        (FORWARDED_ALLOW_IPS, by default this machine only).
        """
        if not self.rates.allow(what, request.client.host if request.client else ""):
            raise RefusedError("too_fast", 429)


def _services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def _token(authorization: Annotated[str, Header()] = "") -> str:
    found = _TOKEN.fullmatch(authorization)
    if found is None:
        raise RefusedError("no_token", 401)
    return found[1]


Here = Annotated[Services, Depends(_services)]
Token = Annotated[str, Depends(_token)]
