"""The web application: which address gives which page, and how a run reaches its viewers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from seelearn import assets
from seelearn.discussion.app import Discussion
from seelearn.engine.catalogue import Catalogue
from seelearn.engine.frameworks import MissingError
from seelearn.engine.job import make_job
from seelearn.engine.local import Engine
from seelearn.errors import NotFoundError, UserError
from seelearn.labels import LANGUAGES
from seelearn.site import found, pages
from seelearn.site.links import Links
from seelearn.site.notebook import notebook
from seelearn.site.runs import Runs
from seelearn.site.search import index
from seelearn.site.security import Security
from seelearn.site.settings import Settings
from seelearn.site.shelf import Shelf
from seelearn.site.stream import Language, router


def create_app(catalogue: Catalogue, folder: Path, settings: Settings | None = None) -> FastAPI:
    """Return the site of a course; recordings of its runs go below `folder`.

    Raises `UserError` if runs are to go to a cluster that cannot be reached.
    """
    settings = settings or Settings()
    engine = Engine(spares=settings.workers, cluster=settings.ray)
    engine.check()
    runs = Runs(engine, Shelf(folder, settings.keep), settings.workers, settings.grace)
    discussion = Discussion(catalogue, folder.parent / "discussion", settings.url)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        Thread(target=assets.vega, daemon=True).start()
        if catalogue.lessons:
            engine.warm(catalogue.lessons[0].frameworks[0])
        yield
        await runs.close()

    app = FastAPI(title="seelearn", lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.runs = runs
    app.add_middleware(GZipMiddleware)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts))
    app.add_middleware(Security, guests=discussion.guests)
    discussion.join(app)
    _add_pages(app, catalogue, settings.url)
    app.include_router(router(catalogue, runs))
    _add_errors(app)
    return app


def _add_pages(app: FastAPI, catalogue: Catalogue, url: str) -> None:
    def links_for(request: Request) -> Links:
        return Links(url or str(request.base_url).rstrip("/"))

    Linked = Annotated[Links, Depends(links_for)]  # noqa: N806 (a type)

    @app.get("/")
    def root(accept_language: Annotated[str, Header()] = "") -> RedirectResponse:
        first = accept_language.strip()[:2].lower()
        return RedirectResponse(f"/{first if first in LANGUAGES else 'en'}/")

    @app.get("/{language}/", response_class=HTMLResponse)
    def home(language: Language, links: Linked) -> str:
        return pages.home(catalogue, language, links)

    @app.get("/{language}/courses/{slug}", response_class=HTMLResponse)
    def course(language: Language, slug: str, links: Linked) -> str:
        return pages.course(catalogue, slug, language, links)

    @app.get("/{language}/compare/{name}/{first}/{second}", response_class=HTMLResponse)
    def comparison(language: Language, name: str, first: str, second: str, links: Linked) -> str:
        return pages.comparison(catalogue.lesson(name), (first, second), language, links)

    _add_files(app, catalogue)

    @app.get("/{language}/lessons/{name}")
    @app.get("/{language}/lessons/{name}/{framework}")
    def lesson(
        language: Language, name: str, request: Request, links: Linked, framework: str | None = None
    ) -> Response:
        chosen, query = catalogue.lesson(name), request.query_params
        error, status = "", 200
        written_in = chosen.framework(framework)
        if framework == chosen.frameworks[0]:  # its page has a shorter address
            return RedirectResponse(f"{links('lesson', language, name)}?{request.url.query}".rstrip("?"), 308)
        try:
            written_in.require()
            if query:
                make_job(chosen, written_in.name, query)
        except UserError as mistake:
            error = pages.refusal(mistake, chosen.labels, language)
            status = 200 if isinstance(mistake, MissingError) else 400  # what is not installed hinders no reader
        page = pages.lesson(catalogue, chosen, written_in.name, language, links, query, error)
        return HTMLResponse(page, status)

    @app.get("/sitemap.xml")
    def sitemap(links: Linked) -> Response:
        return Response(found.sitemap(catalogue, links), media_type="application/xml")

    @app.get("/{language}/feed.xml")
    def feed(language: Language, links: Linked) -> Response:
        return Response(found.feed(catalogue, language, links), media_type="application/atom+xml")

    @app.get("/{language}/index.js")
    def search(language: Language, links: Linked) -> Response:
        return Response(index(catalogue, language, links), media_type="text/javascript")

    @app.get("/robots.txt", response_class=PlainTextResponse)
    def robots(links: Linked) -> str:
        return found.robots(links)

    @app.get("/static/vega.js")
    def vega() -> Response:
        headers = {"Cache-Control": "max-age=86400"}
        return Response(assets.vega(), media_type="text/javascript", headers=headers)

    app.mount("/static", StaticFiles(directory=assets.STATIC))


def _add_files(app: FastAPI, catalogue: Catalogue) -> None:
    @app.get("/{language}/lessons/{name}.png")
    def picture(language: Language, name: str) -> Response:
        headers = {"Cache-Control": "max-age=86400", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(found.picture(catalogue.lesson(name), language), media_type="image/png", headers=headers)

    @app.get("/{language}/lessons/{name}/with_{framework}.py")
    def script(language: Language, name: str, framework: str) -> Response:
        lesson = catalogue.lesson(name)
        code = lesson.file(lesson.framework(framework).name).read_bytes()
        return Response(code, media_type="text/x-python")

    @app.get("/{language}/lessons/{name}/{framework}.ipynb")
    def download(language: Language, name: str, framework: str) -> Response:
        lesson = catalogue.lesson(name)
        text = notebook(lesson, lesson.framework(framework).name, language)
        return Response(text, media_type="application/x-ipynb+json")


def _add_errors(app: FastAPI) -> None:
    def page(request: Request, message: str, status: int) -> HTMLResponse:
        first = request.url.path[1:3]
        language = first if first in LANGUAGES else "en"
        return HTMLResponse(pages.missing(language, Links(""), message), status)

    @app.exception_handler(UserError)
    async def refuse(request: Request, error: UserError) -> HTMLResponse:
        return page(request, "", 404) if isinstance(error, NotFoundError) else page(request, str(error), 400)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        if any(part["loc"][0] == "path" for part in error.errors()):  # such as /fr/
            return page(request, "", 404)
        return JSONResponse({"error": str(error.errors()[0]["msg"])}, 422)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> HTMLResponse:
        return page(request, "" if error.status_code == 404 else str(error.detail), error.status_code)
