"""The discussion as JSON: what static/discussion.js speaks, from this site or from a static edition elsewhere.

Who writes is known by a token in the Authorization header, which the script keeps. There is no cookie, so a page of
another site can do nothing in a reader's name.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from seelearn.discussion import comments, mailboxes, threads
from seelearn.discussion.comments import WINDOW, Draft
from seelearn.discussion.models import WAITING
from seelearn.discussion.runs import EPOCHS, check_run
from seelearn.discussion.services import Here, Language, Number, Token
from seelearn.discussion.text import ADDRESS, NAME, TEXT, clean_line, clean_text, render
from seelearn.discussion.words import RefusedError, words
from seelearn.engine.parameters import Value
from seelearn.errors import UserError

router = APIRouter(prefix="/api/{language}")


class Given(BaseModel):
    """What a request brings; a field that we do not know is refused."""

    model_config = ConfigDict(extra="forbid")


Text = Annotated[str, Field(max_length=TEXT), AfterValidator(clean_text)]


class GivenText(Given):
    """A text to preview, or to put in place of another."""

    text: Text


class GivenRun(Given):
    """What was on the screen: the query of the page, and where the slider stood."""

    parameters: dict[Annotated[str, Field(max_length=60)], Annotated[Value, Field(union_mode="left_to_right")]] = Field(
        max_length=30
    )
    epoch: Annotated[int, Field(ge=0, le=EPOCHS)] | None = None


class GivenComment(GivenText):
    """A new comment. `website` is for robots: a person never sees the field."""

    name: Annotated[str, Field(max_length=NAME), AfterValidator(clean_line)]
    parent: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    run: GivenRun | None = None
    website: Annotated[str, Field(max_length=200)] = ""


class GivenAddress(Given):
    """A mail address."""

    address: Annotated[str, Field(max_length=ADDRESS)]


@router.get("/lessons/{name}")
def read(here: Here, language: Language, name: str, response: Response) -> dict[str, Any]:
    """Return the discussion of a lesson, with the words that the script shows around it."""
    lesson = here.catalogue.lesson(name)
    response.headers["Cache-Control"] = "no-cache"  # may be kept, but is asked for again
    with here.database.read() as session:
        found = threads.thread(session, lesson, language)
    return {
        "comments": found,
        "mail": here.settings.smtp is not None,
        "limits": {"name": NAME, "text": TEXT, "address": ADDRESS, "minutes": WINDOW // 60},
        "words": words(language, "script"),
    }


@router.post("/lessons/{name}/comments", status_code=201)
def write(
    here: Here, language: Language, name: str, token: Token, given: GivenComment, request: Request
) -> dict[str, Any]:
    """Keep a comment; the answer says whether it is shown or waits for a moderator."""
    lesson = here.catalogue.lesson(name)
    here.allow("post", request)
    if given.website:  # a robot: it shall think that it was heard
        return {"id": None, "state": WAITING}
    if not given.name:
        raise RefusedError("no_name")
    try:
        run = check_run(lesson, given.run.parameters, given.run.epoch) if given.run else None
    except UserError as error:
        raise RefusedError("bad_run", why=error) from None
    draft = Draft(lesson.name, given.parent, language, given.name, _said(given.text), run)
    with here.database.write() as session:
        comment = comments.post(session, comments.become_author(session, token), draft)
        return {"id": comment.id, "state": comment.state}


@router.patch("/comments/{id}")
def edit(
    here: Here, language: Language, id: Number, token: Token, given: GivenText, request: Request
) -> dict[str, Any]:
    """Change one's own comment."""
    here.allow("post", request)
    with here.database.write() as session:
        comment = comments.edit(session, comments.become_author(session, token), id, _said(given.text))
        state = comment.state
    here.database.scrub()
    return {"id": id, "state": state}


@router.delete("/comments/{id}", status_code=204)
def delete(here: Here, language: Language, id: Number, token: Token, request: Request) -> None:
    """Delete one's own comment."""
    here.allow("small", request)
    with here.database.write() as session:
        comments.remove_own(session, comments.become_author(session, token), id)
    here.database.scrub()


@router.put("/comments/{id}/vote")
def vote(here: Here, language: Language, id: Number, token: Token, request: Request) -> dict[str, int]:
    """Vote for a comment."""
    return _vote(here, id, token, request, up=True)


@router.delete("/comments/{id}/vote")
def unvote(here: Here, language: Language, id: Number, token: Token, request: Request) -> dict[str, int]:
    """Take one's vote back."""
    return _vote(here, id, token, request, up=False)


@router.post("/preview")
def preview(here: Here, language: Language, given: GivenText, request: Request) -> dict[str, str]:
    """Show a text as it would look."""
    here.allow("small", request)
    return {"html": render(given.text)}


@router.get("/me")
def me(here: Here, language: Language, token: Token) -> dict[str, Any]:
    """Return all that is kept of the one who asks: what the script needs to know, and what a reader takes along."""
    with here.database.read() as session:
        author = comments.find_author(session, token)
        return comments.export(session, author) if author else {"comments": [], "votes": [], "mailboxes": []}


@router.delete("/me", status_code=204)
def erase(here: Here, language: Language, token: Token, request: Request) -> None:
    """Delete all that is kept of the one who asks."""
    here.allow("small", request)
    with here.database.write() as session:
        if author := comments.find_author(session, token):
            comments.erase(session, author)
    here.database.scrub()


@router.put("/me/mailbox", status_code=202)
def bind(here: Here, language: Language, token: Token, given: GivenAddress, request: Request) -> dict[str, str]:
    """Send a request to confirm to a mail address."""
    if here.settings.smtp is None:
        raise RefusedError("no_mail", 409)
    address = mailboxes.check_address(given.address)
    here.allow("mailbox", request)
    if not here.rates.allow_mail(address):
        raise RefusedError("too_fast", 429)
    with here.database.write() as session:
        mailboxes.bind(session, comments.become_author(session, token), address, language)
    return {"state": WAITING}


@router.delete("/me/mailbox", status_code=204)
def unbind(here: Here, language: Language, token: Token, request: Request) -> None:
    """Forget the mail address of the one who asks."""
    here.allow("small", request)
    with here.database.write() as session:
        if author := comments.find_author(session, token):
            mailboxes.unbind(session, author)
    here.database.scrub()


def _vote(here: Here, id: int, token: str, request: Request, *, up: bool) -> dict[str, int]:
    here.allow("small", request)
    with here.database.write() as session:
        return {"votes": comments.vote(session, comments.become_author(session, token), id, up=up)}


def _said(text: str) -> str:
    if not text:
        raise RefusedError("no_text")
    return text
