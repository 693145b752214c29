"""The discussion of a lesson as everybody sees it: no author, address or token, so it may be cached and copied."""

from collections import defaultdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from seelearn.discussion.models import SHOWN, Author, Comment, Vote
from seelearn.discussion.runs import link
from seelearn.discussion.text import render
from seelearn.engine.catalogue import Lesson

DEPTH = 3
"""Answers to answers are set in so often; further ones stay at this depth."""


def thread(session: Session, lesson: Lesson, language: str) -> list[dict[str, Any]]:
    """Return the comments of a lesson from top to bottom: the most helpful first, answers in order of time.

    A comment that is not shown, but has answers that are, stands there as a place without content.
    """
    rows = session.execute(
        select(Comment, Author.teacher)
        .outerjoin(Author, Comment.author_id == Author.id)
        .where(Comment.lesson == lesson.name)
        .order_by(Comment.id)
    ).all()
    votes = _votes(session, lesson)
    below: dict[int | None, list[tuple[Comment, bool]]] = defaultdict(list)
    for comment, teacher in reversed(rows):  # an answer is younger than what it answers
        if comment.state == SHOWN or comment.id in below:
            below[comment.parent_id].append((comment, bool(teacher)))
    below[None].sort(key=lambda row: votes.get(row[0].id, 0))  # the last is the first to be taken
    stack = [(*row, 0) for row in below[None]]
    shown = []
    while stack:
        comment, teacher, depth = stack.pop()
        shown.append(_view(comment, lesson, language, depth, votes.get(comment.id, 0), teacher=teacher))
        stack.extend((*row, min(depth + 1, DEPTH)) for row in below.get(comment.id, []))
    return shown


def latest(session: Session, lesson: Lesson, count: int) -> list[Comment]:
    """Return the newest comments of a lesson that are shown."""
    found = select(Comment).where(Comment.lesson == lesson.name, Comment.state == SHOWN)
    return list(session.scalars(found.order_by(Comment.id.desc()).limit(count)))


def _votes(session: Session, lesson: Lesson) -> dict[int, int]:
    counted = select(Vote.comment_id, func.count()).join(Comment).where(Comment.lesson == lesson.name)
    return {row[0]: row[1] for row in session.execute(counted.group_by(Vote.comment_id))}


def _view(comment: Comment, lesson: Lesson, language: str, depth: int, votes: int, *, teacher: bool) -> dict[str, Any]:
    place = {"id": comment.id, "parent": comment.parent_id, "depth": depth, "shown": comment.state == SHOWN}
    if comment.state != SHOWN:
        return place
    return place | {
        "name": comment.name,
        "html": render(comment.text),
        "language": comment.language,
        "created": comment.created,
        "edited": comment.edited,
        "votes": votes,
        "teacher": teacher,
        "run": comment.run and link(lesson, comment.run, language),
    }
