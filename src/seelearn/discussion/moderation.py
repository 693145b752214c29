"""The moderators' page: behind the admin secret, without script, every form with a token of its own session."""

import hmac
import secrets
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from seelearn.discussion import comments
from seelearn.discussion.models import FAILED, GONE, SHOWN, WAITING, Author, Comment, Letter
from seelearn.discussion.pages import page
from seelearn.discussion.runs import link
from seelearn.discussion.services import Here, Language, Number, Services
from seelearn.discussion.text import render
from seelearn.discussion.words import RefusedError
from seelearn.errors import UserError

COOKIE = "seelearn_moderator"
PATH = "/discussion"
HOURS = 12
NEWEST = 2**31 - 1
SHOWN_AT_ONCE = 100
"""Comments in each list of the page."""

router = APIRouter(prefix="/{language}/admin")


def _signer(here: Services) -> URLSafeTimedSerializer:
    """Sessions end when the admin secret changes, for it takes part in signing."""
    return URLSafeTimedSerializer([here.settings.secret + here.settings.admin], salt="moderator")


def _session(here: Here, request: Request) -> str | None:
    """Return the random name of a moderator's session, or None."""
    try:
        return str(_signer(here).loads(request.cookies.get(COOKIE, ""), max_age=HOURS * 3600))
    except BadSignature:
        return None


def _form_token(here: Services, session: str) -> str:
    return hmac.digest(here.settings.secret.encode(), f"form {session}".encode(), "sha256").hex()


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


Form = Annotated[dict[str, str], Depends(_form)]
Before = Annotated[int, Query(ge=1, le=NEWEST)]
Moderating = Annotated[str | None, Depends(_session)]


def _moderator(here: Here, session: Moderating, form: Form) -> None:
    """Refuse a form that does not come from a moderator's own page."""
    if session is None or not hmac.compare_digest(form.get("token", "").encode(), _form_token(here, session).encode()):
        raise RefusedError("no_moderator", 403)


@router.get("")
def show(here: Here, language: Language, session: Moderating, before: Before = NEWEST) -> HTMLResponse:
    """Return what waits and what was shown last; to others, the form that asks for the secret."""
    if session is None:
        return page("login.html", language)
    with here.database.read() as database:
        waiting = _rows(here, database, language, Comment.state == WAITING, Comment.id)
        shown = _rows(here, database, language, (Comment.state == SHOWN) & (Comment.id < before), Comment.id.desc())
        blocked = list(database.scalars(select(Author).where(Author.blocked).order_by(Author.id)))
        counted = database.execute(select(Letter.state, func.count()).group_by(Letter.state)).all()
    letters = {row[0]: row[1] for row in counted}
    values: dict[str, Any] = {
        "waiting": waiting,
        "shown": shown,
        "older": shown[-1]["comment"].id if len(shown) == SHOWN_AT_ONCE else None,
        "blocked": blocked,
        "mail": here.settings.smtp is not None,
        "letters": {"waiting": letters.get(WAITING, 0), "failed": letters.get(FAILED, 0)},
    }
    return page("moderation.html", language, token=_form_token(here, session), **values)


@router.post("/login")
def login(here: Here, language: Language, form: Form, request: Request) -> Response:
    """Begin a session with the admin secret."""
    here.allow("login", request)
    if not hmac.compare_digest(form.get("secret", "").encode(), here.settings.admin.encode()):
        raise RefusedError("wrong_secret", 403)
    answer = RedirectResponse(f"{PATH}/{language}/admin", 303)
    answer.set_cookie(
        COOKIE,
        _signer(here).dumps(secrets.token_urlsafe(16)),
        max_age=HOURS * 3600,
        path=PATH,
        secure=here.settings.url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/logout", dependencies=[Depends(_moderator)])
def logout(language: Language) -> Response:
    """End the session in this browser."""
    answer = RedirectResponse(f"{PATH}/{language}/admin", 303)
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")
    return answer


@router.post("/comments/{id}", dependencies=[Depends(_moderator)])
def decide(here: Here, language: Language, id: Number, form: Form) -> Response:
    """Approve or delete a comment."""
    with here.database.write() as session:
        comment = session.get(Comment, id, with_for_update=True)
        if comment is None or comment.state == GONE:
            raise RefusedError("no_comment", 404)
        match form.get("do"):
            case "approve":
                comments.approve(session, comment)
            case "delete":
                comments.remove(session, comment)
            case _:
                raise RefusedError("unknown_act")
    here.database.scrub()
    return RedirectResponse(f"{PATH}/{language}/admin", 303)


@router.post("/authors/{id}", dependencies=[Depends(_moderator)])
def rank(here: Here, language: Language, id: Number, form: Form) -> Response:
    """Block an author, which deletes what of theirs still waits, or lift that; say who teaches the course."""
    with here.database.write() as session:
        author = session.get(Author, id, with_for_update=True)
        if author is None:
            raise RefusedError("no_author", 404)
        match form.get("do"):
            case "block":
                author.blocked, author.trusted = True, False
                queue = select(Comment).where(Comment.author_id == id, Comment.state == WAITING)
                for comment in session.scalars(queue.with_for_update()).all():
                    comments.remove(session, comment)
            case "unblock":
                author.blocked = False
            case "teacher":
                author.teacher = True
            case "reader":
                author.teacher = False
            case _:
                raise RefusedError("unknown_act")
    here.database.scrub()
    return RedirectResponse(f"{PATH}/{language}/admin", 303)


@router.get("/export")
def export(here: Here, language: Language, session: Moderating) -> JSONResponse:
    """Return every comment as JSON, without addresses and tokens."""
    if session is None:
        raise RefusedError("no_moderator", 403)
    kept = [column.name for column in Comment.__table__.columns]
    with here.database.read() as database:
        found = database.scalars(select(Comment).order_by(Comment.id))
        content = [{name: getattr(comment, name) for name in kept} for comment in found]
    headers = {"Content-Disposition": 'attachment; filename="comments.json"', "Cache-Control": "no-store"}
    return JSONResponse({"comments": content}, headers=headers)


def _rows(here: Services, session: Session, language: str, which: Any, order: Any) -> list[dict[str, Any]]:
    found = select(Comment, Author).join(Author, Comment.author_id == Author.id).where(which).order_by(order)
    return [
        {"comment": comment, "author": author, "html": render(comment.text), **_lesson(here, comment, language)}
        for comment, author in session.execute(found.limit(SHOWN_AT_ONCE))
    ]


def _lesson(here: Services, comment: Comment, language: str) -> dict[str, Any]:
    try:
        lesson = here.catalogue.lesson(comment.lesson)
    except UserError:  # it has left the course since
        return {"title": comment.lesson, "run": None}
    return {"title": lesson.title(language), "run": comment.run and link(lesson, comment.run, language)}
