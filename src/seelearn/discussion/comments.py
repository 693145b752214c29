"""What a reader does with comments: write, edit, vote, delete, take everything along, leave without a trace."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from seelearn.discussion.database import insert
from seelearn.discussion.mailboxes import tell
from seelearn.discussion.models import GONE, SHOWN, WAITING, Author, Comment, Letter, Mailbox, Vote
from seelearn.discussion.text import has_link, mask, render
from seelearn.discussion.words import RefusedError

WINDOW = 15 * 60
"""Seconds in which an author may edit."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A new comment, cleaned and checked; `lesson` is the name of one that exists."""

    lesson: str
    parent: int | None
    language: str
    name: str
    text: str
    run: dict[str, Any] | None


def find_author(session: Session, token: str) -> Author | None:
    """Return who has this token, if that browser did anything here yet."""
    return session.scalars(select(Author).where(Author.token == _digest(token))).first()


def become_author(session: Session, token: str) -> Author:
    """Return who has this token, made now if need be; raise if a moderator blocked it."""
    if (author := find_author(session, token)) is None:
        new = insert(session, Author).values(token=_digest(token), created=int(time.time()))
        session.execute(new.on_conflict_do_nothing())
        author = session.scalars(select(Author).where(Author.token == _digest(token))).one()
    if author.blocked:
        raise RefusedError("blocked", 403)
    return author


def post(session: Session, author: Author, draft: Draft) -> Comment:
    """Keep a new comment: shown at once, or waiting for a moderator."""
    if draft.parent is not None:
        parent = session.get(Comment, draft.parent, with_for_update=True)  # nobody deletes it meanwhile
        if parent is None or parent.state != SHOWN or parent.lesson != draft.lesson:
            raise RefusedError("no_parent", 409)
    comment = Comment(
        lesson=draft.lesson,
        parent_id=draft.parent,
        author_id=author.id,
        language=draft.language,
        name=draft.name,
        text=draft.text,
        run=draft.run,
        state=_state(author, draft.name + " " + draft.text),
        created=int(time.time()),
        edited=None,
    )
    session.add(comment)
    session.flush()
    if comment.state == SHOWN:
        tell(session, comment)
    return comment


def edit(session: Session, author: Author, id: int, text: str) -> Comment:
    """Change the text of one's own comment within `WINDOW`; a new link brings it before a moderator again."""
    comment = _own(session, author, id)
    now = int(time.time())
    if now > comment.created + WINDOW:
        raise RefusedError("too_late", 409, minutes=WINDOW // 60)
    if text != comment.text:
        comment.text, comment.edited = text, now
        if comment.state == SHOWN:
            comment.state = _state(author, text)
    return comment


def remove_own(session: Session, author: Author, id: int) -> None:
    """Delete one's own comment, at any time."""
    remove(session, _own(session, author, id))


def remove(session: Session, comment: Comment) -> None:
    """Delete a comment; where it has answers, an empty place stays, until the last of them has gone too."""
    for table in (Letter, Vote):
        session.execute(delete(table).where(table.comment_id == comment.id))
    comment.state, comment.author_id = GONE, None
    comment.name, comment.text, comment.run = "", "", None
    session.flush()
    place: Comment | None = comment
    while place is not None and place.state == GONE and not _answered(session, place):
        above = place.parent_id
        session.delete(place)
        session.flush()
        place = session.get(Comment, above, with_for_update=True) if above is not None else None


def approve(session: Session, comment: Comment) -> None:
    """Show a comment; from now on its author's other comments are shown at once, unless they hold a link."""
    if comment.state == WAITING:
        comment.state = SHOWN
        session.execute(update(Author).where(Author.id == comment.author_id).values(trusted=True))
        tell(session, comment)


def vote(session: Session, author: Author, id: int, *, up: bool) -> int:
    """Give a comment one's vote or take it back; return how many it has now."""
    comment = session.get(Comment, id)
    if comment is None or comment.state != SHOWN:
        raise RefusedError("no_comment", 404)
    if comment.author_id == author.id:
        raise RefusedError("own_vote", 409)
    if up:
        session.execute(insert(session, Vote).values(comment_id=id, author_id=author.id).on_conflict_do_nothing())
    else:
        session.execute(delete(Vote).where(Vote.comment_id == id, Vote.author_id == author.id))
    return session.scalars(select(func.count()).select_from(Vote).where(Vote.comment_id == id)).one()


def export(session: Session, author: Author) -> dict[str, Any]:
    """Return all that is kept of an author, as JSON; of the mail address, only as much as may be shown."""
    comments = session.scalars(select(Comment).where(Comment.author_id == author.id).order_by(Comment.id))
    mailboxes = session.scalars(select(Mailbox).where(Mailbox.author_id == author.id).order_by(Mailbox.created))
    kept = ("id", "lesson", "language", "name", "text", "run", "state", "created", "edited")
    return {
        "comments": [
            {"parent": c.parent_id, "editable_until": c.created + WINDOW, "html": render(c.text)}
            | {name: getattr(c, name) for name in kept}
            for c in comments
        ],
        "votes": list(session.scalars(select(Vote.comment_id).where(Vote.author_id == author.id))),
        "mailboxes": [{"address": mask(m.address), "confirmed": m.confirmed is not None} for m in mailboxes],
    }


def erase(session: Session, author: Author) -> None:
    """Delete everything an author left: comments, votes, addresses, letters and the author."""
    for comment in session.scalars(select(Comment).where(Comment.author_id == author.id).with_for_update()).all():
        remove(session, comment)
    session.execute(delete(Author).where(Author.id == author.id))


def _state(author: Author, said: str) -> str:
    shown = author.teacher or (author.trusted and not has_link(said))
    return SHOWN if shown else WAITING


def _own(session: Session, author: Author, id: int) -> Comment:
    comment = session.get(Comment, id, with_for_update=True)
    if comment is None or comment.author_id != author.id:
        raise RefusedError("not_yours", 404)
    return comment


def _answered(session: Session, comment: Comment) -> bool:
    return bool(session.scalar(select(exists().where(Comment.parent_id == comment.id))))


def _digest(token: str) -> str:
    """Hash a token; it is 256 random bits, so a plain hash hides it."""
    return hashlib.sha256(token.encode()).hexdigest()
