"""Mail addresses: given, confirmed, left. Nothing is sent here; letters are only put into the outbox."""

import hashlib
import re
import secrets
import time

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from seelearn.discussion.database import insert
from seelearn.discussion.models import WAITING, Author, Comment, Letter, Mailbox
from seelearn.discussion.text import ADDRESS
from seelearn.discussion.words import RefusedError

DAY = 24 * 60 * 60
"""Seconds in which an address has to be confirmed; then it is forgotten."""
ABOVE = 50
"""Whose comments up the thread are told of an answer: so many levels."""

# What real mailboxes look like, in ASCII; nothing that has a meaning in a header.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


class Links:
    """The signed links of our mail: one confirms a mailbox, for a day; the other ends it, for ever."""

    def __init__(self, secret: str) -> None:
        sha256 = {"digest_method": hashlib.sha256}
        self._confirm = URLSafeTimedSerializer(secret, salt="confirm", signer_kwargs=sha256)
        self._leave = URLSafeSerializer(secret, salt="leave", signer_kwargs=sha256)

    def to_confirm(self, mailbox: str) -> str:
        """Return what stands in the link that confirms."""
        return str(self._confirm.dumps(mailbox))

    def to_leave(self, mailbox: str) -> str:
        """Return what stands in the link that unsubscribes."""
        return str(self._leave.dumps(mailbox))

    def confirmed(self, signed: str) -> str:
        """Return the mailbox of a link that confirms; raise if it is forged or too old."""
        try:
            return str(self._confirm.loads(signed, max_age=DAY))
        except BadSignature:  # which an expired one is, too
            raise RefusedError("bad_link", 400) from None

    def left(self, signed: str) -> str:
        """Return the mailbox of a link that unsubscribes; raise if it is forged."""
        try:
            return str(self._leave.loads(signed))
        except BadSignature:
            raise RefusedError("bad_link", 400) from None


def check_address(given: str) -> str:
    """Return a mail address, or raise for what is none."""
    address = given.strip()
    if len(address) > ADDRESS or not _ADDRESS.fullmatch(address):
        raise RefusedError("bad_address")
    return address


def bind(session: Session, author: Author, address: str, language: str) -> None:
    """Put the request to confirm an address into the outbox; one that is confirmed already stays until then."""
    waiting = Mailbox.confirmed.is_(None)
    session.execute(delete(Mailbox).where(Mailbox.author_id == author.id, waiting))
    now = int(time.time())
    mailbox = Mailbox(
        id=secrets.token_urlsafe(16),
        author_id=author.id,
        address=address,
        language=language,
        created=now,
        confirmed=None,
    )
    session.add(mailbox)
    session.flush()
    session.add(Letter(mailbox_id=mailbox.id, comment_id=None, message_id=_message_id(), state=WAITING, due=now))


def unbind(session: Session, author: Author) -> None:
    """Forget every address of an author, with the letters that wait for it."""
    session.execute(delete(Mailbox).where(Mailbox.author_id == author.id))


def confirm(session: Session, id: str) -> None:
    """Take the address as the author's own; a link does this once."""
    mailbox = session.get(Mailbox, id, with_for_update=True)
    if mailbox is None or mailbox.confirmed is not None:
        raise RefusedError("used_link", 410)
    session.execute(delete(Mailbox).where(Mailbox.author_id == mailbox.author_id, Mailbox.id != id))
    mailbox.confirmed = int(time.time())


def leave(session: Session, id: str) -> None:
    """Forget an address; doing it twice is no mistake."""
    session.execute(delete(Mailbox).where(Mailbox.id == id))


def forget_unconfirmed(session: Session) -> None:
    """Forget the addresses that nobody confirmed in time."""
    old = Mailbox.created < int(time.time()) - DAY
    session.execute(delete(Mailbox).where(Mailbox.confirmed.is_(None), old))


def tell(session: Session, comment: Comment) -> None:
    """Put letters about a comment into the outbox: to all whom it answers, but never to its own author."""
    authors = _answered(session, comment)
    bound = select(Mailbox).where(Mailbox.confirmed.is_not(None))
    found = session.scalars(
        bound.where(or_(Mailbox.author_id.in_(authors), Mailbox.author_id == comment.author_id))
    ).all()
    told = {mailbox.address.lower() for mailbox in found if mailbox.author_id == comment.author_id}
    for mailbox in found:
        if mailbox.address.lower() in told:  # the same person in another browser
            continue
        told.add(mailbox.address.lower())
        values = {"mailbox_id": mailbox.id, "comment_id": comment.id, "message_id": _message_id(), "state": WAITING}
        new = insert(session, Letter).values(**values, due=int(time.time()))
        session.execute(new.on_conflict_do_nothing(index_elements=["mailbox_id", "comment_id"]))


def _answered(session: Session, comment: Comment) -> set[int]:
    """Return the authors of what a comment answers, up to the top."""
    authors: set[int] = set()
    above = comment.parent_id
    for _ in range(ABOVE):
        if above is None or (parent := session.get(Comment, above)) is None:
            break
        if parent.author_id is not None and parent.author_id != comment.author_id:
            authors.add(parent.author_id)
        above = parent.parent_id
    return authors


def _message_id() -> str:
    return secrets.token_urlsafe(16)
