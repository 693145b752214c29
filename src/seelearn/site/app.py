"""The web application: which address gives which page, and how a run reaches its viewers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from seelearn import assets
from seelearn.discussion.app import Discussion
from seelearn.engine import parameters
from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.job import make_job
from seelearn.engine.local import LocalEngine
from seelearn.engine.parameters import Value
from seelearn.engine.recording import Recording
from seelearn.errors import NotFoundError, UserError
from seelearn.export.conclusions import conclusions, under
from seelearn.export.report import report
from seelearn.labels import LANGUAGES, sentence, words
from seelearn.show import Range
from seelearn.site import pages
from seelearn.site.runs import LiveRun, Runs
from seelearn.site.security import Security

Language = Literal["zh", "en"]
HOSTS = ["127.0.0.1", "localhost"]
WORKERS = 2
SEEDS = replace(parameters.SEEDS, range=Range(1, 256))
"""How many seeds a reader may have measured: what is drawn of them stays in memory."""


def create_app(catalogue: Catalogue, folder: Path) -> FastAPI:
    """Return the site of a course; recordings of its runs go below `folder`."""
    engine = LocalEngine(spare=True)
    runs = Runs(engine, folder, WORKERS)
    discussion = Discussion(catalogue, folder.parent / "discussion")

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        Thread(target=assets.vega, daemon=True).start()
        if catalogue.lessons:
            engine.warm(catalogue.lessons[0].frameworks[0])
        yield
        runs.close()

    app = FastAPI(title="seelearn", lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.runs = runs
    app.add_middleware(GZipMiddleware)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    app.add_middleware(Security, guests=discussion.guests)
    discussion.join(app)
    _add_pages(app, catalogue)
    _add_runs(app, catalogue, runs)
    _add_errors(app)
    return app


def _add_pages(app: FastAPI, catalogue: Catalogue) -> None:
    @app.get("/")
    def root(accept_language: Annotated[str, Header()] = "") -> RedirectResponse:
        first = accept_language.strip()[:2].lower()
        return RedirectResponse(f"/{first if first in LANGUAGES else 'en'}/")

    @app.get("/{language}/", response_class=HTMLResponse)
    def home(language: Language) -> str:
        return pages.home(catalogue, language)

    @app.get("/{language}/lessons/{name}")
    def lesson(language: Language, name: str, request: Request) -> HTMLResponse:
        found, query, error = catalogue.lesson(name), request.query_params, ""
        try:
            if query:
                make_job(found, None, query)
        except UserError as mistake:
            error = pages.refusal(mistake, found.labels, language)
        return HTMLResponse(pages.lesson(found, language, query, error), 400 if error else 200)

    @app.get("/static/vega.js")
    def vega() -> Response:
        headers = {"Cache-Control": "max-age=86400"}
        return Response(assets.vega(), media_type="text/javascript", headers=headers)

    app.mount("/static", StaticFiles(directory=assets.STATIC))


def _add_runs(app: FastAPI, catalogue: Catalogue, runs: Runs) -> None:
    Found = Annotated[LiveRun, Depends(runs.find)]  # noqa: N806 (a type)

    @app.post("/{language}/lessons/{name}/runs")
    async def start(language: Language, name: str, given: dict[str, Value]) -> JSONResponse:
        lesson = catalogue.lesson(name)
        try:
            if SEEDS.name in given:
                SEEDS.parse(given[SEEDS.name])
            job = make_job(lesson, None, given)
        except UserError as error:
            return JSONResponse({"error": pages.refusal(error, lesson.labels, language)}, 400)
        runs.start(job, lesson.file(job.framework))
        query = {**job.parameters, "seed": job.seed}
        return JSONResponse({"run": f"/{language}/runs/{job.id}", "parameters": query, "bands": under(job, lesson)})

    @app.get("/{language}/runs/{id}/events", response_class=EventSourceResponse)
    async def events(
        language: Language, run: Found, last_event_id: Annotated[int, Header()] = -1
    ) -> AsyncIterator[ServerSentEvent]:
        lesson = catalogue.lesson(run.job.lesson)
        async for number, event in run.watch(max(0, last_event_id + 1)):
            data: dict[str, Any] = {**event}
            if event["kind"] == "note":
                data["text"] = sentence(lesson.labels, event, language)
            yield ServerSentEvent(data=data, id=str(number))
        yield ServerSentEvent(data=_ending(run, lesson, language), event="end")

    @app.post("/{language}/runs/{id}/stop")
    async def stop(language: Language, run: Found) -> JSONResponse:
        run.stop("stopped by a reader")
        return JSONResponse({})

    @app.get("/{language}/runs/{id}/report")
    def download(language: Language, run: Found) -> HTMLResponse:
        page = report(Recording.read(run.folder), catalogue.lesson(run.job.lesson), language)
        name = f"{run.job.lesson}-{run.job.id}.html"
        return HTMLResponse(page, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _ending(run: LiveRun, lesson: Lesson, language: str) -> dict[str, str | list[str]]:
    """Say how a run ended, and what many seeds say of it."""
    assert run.end is not None  # noqa: S101 (the stream of events is over)
    status = run.end.status
    said = conclusions(run.events, run.job, lesson, language, finished=status == "finished")
    return {"status": status, "text": words(language)[status].format(reason=run.end.reason), "sentences": said}


def _add_errors(app: FastAPI) -> None:
    def page(request: Request, message: str, status: int) -> HTMLResponse:
        first = request.url.path[1:3]
        return HTMLResponse(pages.missing(first if first in LANGUAGES else "en", message), status)

    @app.exception_handler(UserError)
    async def refuse(request: Request, error: UserError) -> HTMLResponse:
        return page(request, str(error), 404 if isinstance(error, NotFoundError) else 400)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        if any(part["loc"][0] == "path" for part in error.errors()):  # such as /fr/
            return page(request, request.url.path, 404)
        return JSONResponse({"error": str(error.errors()[0]["msg"])}, 422)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> HTMLResponse:
        return page(request, str(error.detail), error.status_code)
