"""The tables. Times are whole seconds since 1970, in UTC."""

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SHOWN, WAITING, GONE = "shown", "waiting", "gone"
"""States of a comment: everybody sees it; a moderator has to look first; deleted, and kept empty for its answers."""

SENT, FAILED = "sent", "failed"
"""States of a letter that has ended; one that has not is `WAITING`."""

Id = Annotated[int, mapped_column(Integer, primary_key=True)]
Time = Annotated[int, mapped_column(BigInteger)]
NEVER_AGAIN = {"sqlite_autoincrement": True}
"""SQLite would give the number of a deleted row to the next one, and links to the old would open the new."""


class Base(DeclarativeBase):
    """All tables."""


class Author(Base):
    """A browser that wrote, voted or bound an address: known by the SHA-256 of a token that only it has."""

    __tablename__ = "authors"
    __table_args__ = NEVER_AGAIN

    id: Mapped[Id]
    token: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[Time]
    trusted: Mapped[bool] = mapped_column(default=False)
    blocked: Mapped[bool] = mapped_column(default=False)
    teacher: Mapped[bool] = mapped_column(default=False)


class Comment(Base):
    """A comment, or the place of one that is gone: then it has no author, name, text or run."""

    __tablename__ = "comments"
    __table_args__ = NEVER_AGAIN

    id: Mapped[Id]
    lesson: Mapped[str] = mapped_column(String(200), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("authors.id"), index=True)
    language: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    run: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(8), index=True)
    created: Mapped[Time]
    edited: Mapped[Time | None]


class Vote(Base):
    """One author's vote for a comment."""

    __tablename__ = "votes"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id", ondelete="CASCADE"), primary_key=True)


class Mailbox(Base):
    """An address that an author gave; no mail but the first goes there before it is confirmed."""

    __tablename__ = "mailboxes"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8))
    created: Mapped[Time]
    confirmed: Mapped[Time | None]


class Letter(Base):
    """A mail to be sent: of a comment, or, without one, the request to confirm a mailbox.

    It holds no words and no address: they are put together when it is sent, from what is there by then. `due` is
    when to try next; while a process is at it, when another one may take it over.
    """

    __tablename__ = "letters"
    __table_args__ = (UniqueConstraint("mailbox_id", "comment_id"), NEVER_AGAIN)

    id: Mapped[Id]
    mailbox_id: Mapped[str] = mapped_column(ForeignKey("mailboxes.id", ondelete="CASCADE"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str] = mapped_column(String(100), unique=True)
    state: Mapped[str] = mapped_column(String(8), index=True)
    due: Mapped[Time]
    attempts: Mapped[int] = mapped_column(Integer, default=0)


class Rate(Base):
    """How often something was done within a window of time; `key` names what and, hashed, from where."""

    __tablename__ = "rates"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    expires: Mapped[Time] = mapped_column(BigInteger, index=True)
