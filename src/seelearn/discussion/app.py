"""The discussion as one part of the site: `Discussion(...).join(app)` is all that the site does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from seelearn.discussion import api, moderation, pages
from seelearn.discussion.database import Database
from seelearn.discussion.letters import Writer
from seelearn.discussion.mailboxes import Links, forget_unconfirmed
from seelearn.discussion.outbox import Outbox
from seelearn.discussion.rates import Rates
from seelearn.discussion.services import Services
from seelearn.discussion.settings import read_settings
from seelearn.discussion.words import RefusedError
from seelearn.engine.catalogue import Catalogue
from seelearn.errors import NotFoundError, UserError
from seelearn.labels import LANGUAGES

PATH = "/discussion"
HOUSEKEEPING = 15 * 60
"""Seconds between two looks for what is to be forgotten."""
PATIENCE = 10
"""Seconds that a server which stops gives the letter at hand."""


class Discussion:
    """The discussion of a course; its database and secrets lie in `folder` unless the environment says otherwise.

    `url` is the site's public address, for the links in mail, unless the environment says otherwise.
    """

    def __init__(self, catalogue: Catalogue, folder: Path, url: str = "") -> None:
        settings = read_settings(folder, url=url)
        database = Database(settings.database)
        links = Links(settings.secret)
        self._services = Services(catalogue, settings, database, Rates(database, settings.secret), links)
        self.guests = {f"{PATH}/api/": settings.origins}
        """Which other sites may write, and below which address."""

    def join(self, app: FastAPI) -> None:
        """Add the addresses below /discussion, and let the work behind them live as long as the site."""
        app.mount(PATH, self._app())
        app.include_router(APIRouter(lifespan=self._life))

    def _app(self) -> FastAPI:
        app = FastAPI(title="seelearn discussion", docs_url=None, redoc_url=None, openapi_url=None)
        app.state.services = self._services
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(self._services.settings.origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
        for part in (api, moderation, pages):
            app.include_router(part.router)
        app.add_exception_handler(UserError, _refuse)
        app.add_exception_handler(HTTPException, _refuse)
        app.add_exception_handler(RequestValidationError, _invalid)
        return app

    @asynccontextmanager
    async def _life(self, app: FastAPI) -> AsyncIterator[None]:
        here = self._services
        await asyncio.to_thread(here.database.migrate)
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._keep_house(stop))]
        if smtp := here.settings.smtp:
            outbox = Outbox(here.database, Writer(here.catalogue, here.settings, smtp), smtp)
            tasks.append(asyncio.create_task(outbox.work(stop)))
        yield
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        here.database.close()

    async def _keep_house(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(DBAPIError):  # the database may be away for a while
                await asyncio.to_thread(self._forget)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), HOUSEKEEPING)

    def _forget(self) -> None:
        here = self._services
        here.rates.forget()
        with here.database.write() as session:
            forget_unconfirmed(session)
        here.database.scrub()


def _refuse(request: Request, error: Exception) -> Response:
    language = _language(request)
    match error:
        case RefusedError():
            said, status = error.say(language), error.status
        case HTTPException():
            said, status = str(error.detail), error.status_code
        case _:
            said, status = str(error), 404 if isinstance(error, NotFoundError) else 400
    if request.url.path.startswith(f"{PATH}/api/"):
        return JSONResponse({"error": said}, status)
    return pages.page("refused.html", language, status, message=said)


def _invalid(request: Request, error: Exception) -> Response:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": str(error)}
    place = ".".join(str(part) for part in first["loc"][1:])
    return JSONResponse({"error": f"{place}: {first['msg']}"}, 404 if first["loc"][:1] == ("path",) else 422)


def _language(request: Request) -> str:
    asked = request.path_params.get("language")
    return asked if asked in LANGUAGES else "en"
