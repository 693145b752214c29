"""How a reader starts a run and is told of it: the addresses of runs."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Cookie, Depends, Header, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from seelearn.engine import parameters
from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.job import make_job
from seelearn.engine.parameters import Value
from seelearn.engine.recording import End, Recording
from seelearn.errors import NotFoundError, UserError
from seelearn.events import Event
from seelearn.export.conclusions import conclusions, under
from seelearn.export.report import report
from seelearn.labels import sentence, words
from seelearn.show import Range
from seelearn.site import pages
from seelearn.site.live import LiveRun, Turn
from seelearn.site.runs import CHANGED, LEFT, BusyError, Runs

Language = Literal["zh", "en"]
SEEDS = replace(parameters.SEEDS, range=Range(1, 1024))
"""How many seeds a reader may have measured: more belong on the command line."""
VISITOR = "visitor"
"""The cookie that tells one browser from another, and nothing else of its reader."""
SAID = {LEFT: "left", CHANGED: "changed"}
"""The reasons for which the site itself stops a run, and the word that says so."""


def router(catalogue: Catalogue, runs: Runs) -> APIRouter:
    """Return the addresses at which runs are started, watched, stopped and taken home."""
    routes = APIRouter()

    async def found(id: str) -> LiveRun:
        return runs.find(id)

    Found = Annotated[LiveRun, Depends(found)]  # noqa: N806 (a type)
    Visitor = Annotated[str, Cookie(alias=VISITOR)]  # noqa: N806

    @routes.post("/{language}/lessons/{name}/runs")
    @routes.post("/{language}/lessons/{name}/{framework}/runs")
    async def start(
        language: Language,
        name: str,
        given: dict[str, bool | Value],
        request: Request,
        framework: str | None = None,
        visitor: Visitor = "",
    ) -> Response:
        lesson = catalogue.lesson(name)
        if not re.fullmatch(r"[\w-]{16,64}", visitor):
            visitor = secrets.token_urlsafe(16)
        try:
            if SEEDS.name in given:
                SEEDS.parse(given[SEEDS.name])
            job = make_job(lesson, framework, given)
            runs.start(job, lesson.file(job.framework), visitor)
        except BusyError as busy:
            return _busy(busy, language)
        except UserError as error:
            return JSONResponse({"error": pages.refusal(error, lesson.labels, language)}, 400)
        query = {**job.parameters, "seed": job.seed}
        reply = {"run": f"/{language}/runs/{job.id}", "parameters": query, "bands": under(job, lesson)}
        answer = JSONResponse(reply)
        secure = request.url.scheme == "https"
        answer.set_cookie(VISITOR, visitor, httponly=True, samesite="strict", secure=secure)
        return answer

    @routes.get("/{language}/runs/{id}/events", response_class=EventSourceResponse)
    async def events(
        language: Language, run: Found, last_event_id: Annotated[int, Header()] = -1, visitor: Visitor = ""
    ) -> AsyncIterator[ServerSentEvent]:
        lesson = catalogue.lesson(run.job.lesson)
        async for news in run.watch(max(0, last_event_id + 1), visitor):
            yield _turn(news, language) if isinstance(news, Turn) else _message(*news, lesson, language)
        yield ServerSentEvent(data=await asyncio.to_thread(_ending, run, lesson, language), event="end")

    @routes.post("/{language}/runs/{id}/stop")
    async def stop(language: Language, run: Found) -> JSONResponse:
        runs.stop(run, "stopped by a reader")
        return JSONResponse({})

    @routes.get("/{language}/runs/{id}/report")
    def download(language: Language, run: Found) -> HTMLResponse:
        page = report(Recording.read(run.folder), catalogue.lesson(run.job.lesson), language)
        name = f"{run.job.lesson}-{run.job.id}.html"
        return HTMLResponse(page, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    return routes


def _busy(busy: BusyError, language: str) -> JSONResponse:
    text = words(language, "queue")[busy.reason].format(minutes=max(1, round(busy.seconds / 60)))
    return JSONResponse({"error": text}, 503, {"Retry-After": str(busy.seconds)})


def _turn(turn: Turn, language: str) -> ServerSentEvent:
    """Tell a viewer its run's place in the queue; this is no event of the run and has no number."""
    said = words(language, "queue")
    text = said["next" if turn.position == 1 else "waiting"]
    shown = text.format(ahead=turn.position - 1, seconds=max(1, round(turn.seconds)))
    return ServerSentEvent(data={"position": turn.position, "text": shown}, event="turn")


def _message(number: int, event: Event, lesson: Lesson, language: str) -> ServerSentEvent:
    data: dict[str, Any] = {**event}
    if event["kind"] == "note":
        data["text"] = sentence(lesson.labels, event, language)
    return ServerSentEvent(data=data, id=str(number))


def _ending(run: LiveRun, lesson: Lesson, language: str) -> dict[str, str | list[str]]:
    """Say how a run ended, and what many seeds say of it."""
    assert run.end is not None  # noqa: S101 (the stream of events is over)
    status = run.end.status
    return {"status": status, "text": _said(run.end, language), "sentences": _sentences(run, lesson, language)}


def _said(end: End, language: str) -> str:
    if end.reason in SAID:
        return words(language, "queue")[SAID[end.reason]]
    return words(language)[end.status].format(reason=end.reason)


def _sentences(run: LiveRun, lesson: Lesson, language: str) -> list[str]:
    finished = run.end is not None and run.end.status == "finished"
    try:
        events = Recording.read(run.folder).events
    except NotFoundError:  # it was stopped while it waited
        return []
    return conclusions(events, run.job, lesson, language, finished=finished)
