"""The discussion's own pages, without script: what the links of a mail open, and the feed of a lesson."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from seelearn.discussion import mailboxes, threads
from seelearn.discussion.services import Here, Language
from seelearn.discussion.text import render
from seelearn.discussion.words import words

FEED = 50
"""Comments in a feed."""

router = APIRouter()


@cache
def templates() -> jinja2.Environment:
    """Return our templates; what they print is escaped, and a missing name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["date"] = lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return environment


def page(template: str, language: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page that nobody keeps."""
    said = words(language, "pages")
    html = templates().get_template(template).render(language=language, words=said, **values)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


@router.get("/{language}/confirm/{signed}")
def ask_to_confirm(here: Here, language: Language, signed: str) -> HTMLResponse:
    """Ask whether the address is the reader's; following the link confirms nothing, a scanner may do it."""
    here.links.confirmed(signed)
    return page("button.html", language, what="confirm")


@router.post("/{language}/confirm/{signed}")
def confirm(here: Here, language: Language, signed: str) -> HTMLResponse:
    """Take the address as confirmed."""
    with here.database.write() as session:
        mailboxes.confirm(session, here.links.confirmed(signed))
    return page("done.html", language, what="confirmed")


@router.get("/{language}/unsubscribe/{signed}")
def ask_to_leave(here: Here, language: Language, signed: str) -> HTMLResponse:
    """Ask whether the reader wants no more mail."""
    here.links.left(signed)
    return page("button.html", language, what="leave")


@router.post("/{language}/unsubscribe/{signed}")
def leave(here: Here, language: Language, signed: str) -> HTMLResponse:
    """Forget the address: by the button, or by a mail program's own (RFC 8058), without login."""
    with here.database.write() as session:
        mailboxes.leave(session, here.links.left(signed))
    here.database.scrub()
    return page("done.html", language, what="left")


@router.get("/{language}/lessons/{name}/feed")
def feed(here: Here, language: Language, name: str, request: Request) -> Response:
    """Return the newest comments of a lesson as Atom."""
    lesson = here.catalogue.lesson(name)
    with here.database.read() as session:
        found = threads.latest(session, lesson, FEED)
    site = here.settings.url or f"{request.url.scheme}://{request.url.netloc}"
    values = {
        "language": language,
        "title": words(language, "pages")["feed"].format(lesson=lesson.title(language)),
        "site": site,
        "lesson": lesson.name,
        "comments": found,
        "updated": max((c.edited or c.created for c in found), default=0),
        "render": render,
    }
    return Response(templates().get_template("feed.xml").render(**values), media_type="application/atom+xml")
