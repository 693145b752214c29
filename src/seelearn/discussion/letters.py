"""The mails, as a reader gets them: plain text in the reader's language."""

import time
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr

from sqlalchemy.orm import Session

from seelearn.discussion.mailboxes import DAY, Links
from seelearn.discussion.models import SHOWN, Comment, Letter, Mailbox
from seelearn.discussion.settings import Settings, Smtp
from seelearn.discussion.text import clean_line
from seelearn.discussion.words import words
from seelearn.engine.catalogue import Catalogue
from seelearn.errors import UserError

LEAVE = "List-Unsubscribe"
EXCERPT = 600
"""Characters of a comment that its letter quotes."""


class _Policy(EmailPolicy):
    """Leaves the link of List-Unsubscribe whole: folded as encoded words, mail programs do not know it."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name == LEAVE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii") if name == LEAVE else super().fold_binary(name, value)


class Writer:
    """Writes letters for a site that has a mail server."""

    def __init__(self, catalogue: Catalogue, settings: Settings, smtp: Smtp) -> None:
        self._catalogue = catalogue
        self._url = settings.url
        self._links = Links(settings.secret)
        name, self.sender = parseaddr(smtp.sender)
        self._from = Address(name or "seelearn", addr_spec=self.sender)

    def write(self, session: Session, letter: Letter) -> EmailMessage | None:
        """Return the mail for a letter, or None if nobody should get it any more."""
        mailbox = session.get(Mailbox, letter.mailbox_id)
        if mailbox is None:
            return None
        if letter.comment_id is None:
            too_late = mailbox.created < time.time() - DAY
            return None if mailbox.confirmed is not None or too_late else self._request(letter, mailbox)
        comment = session.get(Comment, letter.comment_id)
        if comment is None or comment.state != SHOWN or mailbox.confirmed is None:
            return None
        return self._news(letter, mailbox, comment)

    def _request(self, letter: Letter, mailbox: Mailbox) -> EmailMessage:
        said = words(mailbox.language, "mail")
        link = f"{self._url}/discussion/{mailbox.language}/confirm/{self._links.to_confirm(mailbox.id)}"
        return self._mail(letter, mailbox, said["confirm_subject"], said["confirm"].format(link=link))

    def _news(self, letter: Letter, mailbox: Mailbox, comment: Comment) -> EmailMessage:
        language = mailbox.language
        said = words(language, "mail")
        leave = f"{self._url}/discussion/{language}/unsubscribe/{self._links.to_leave(mailbox.id)}"
        text = comment.text if len(comment.text) <= EXCERPT else comment.text[:EXCERPT].rstrip() + " …"
        parts = {
            "name": clean_line(comment.name),
            "lesson": clean_line(self._title(comment.lesson, language)),
            "text": "\n".join(f"> {line}".rstrip() for line in text.splitlines()),
            "link": f"{self._url}/{language}/lessons/{comment.lesson}#comment-{comment.id}",
            "leave": leave,
        }
        mail = self._mail(letter, mailbox, said["news_subject"].format(**parts), said["news"].format(**parts))
        mail[LEAVE] = f"<{leave}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        return mail

    def _title(self, lesson: str, language: str) -> str:
        try:
            return self._catalogue.lesson(lesson).title(language)
        except UserError:  # it has left the course since
            return lesson

    def _mail(self, letter: Letter, mailbox: Mailbox, subject: str, body: str) -> EmailMessage:
        """Put a mail together. Its Message-ID is the letter's own, the same each time that it is sent.

        No header holds what a reader typed, but for the address, which is checked: Python decodes encoded words in
        what it is given for a header, and a line break can hide in one.
        """
        mail = EmailMessage(_Policy(linesep="\r\n", cte_type="7bit"))
        mail["From"] = self._from
        mail["To"] = Address(addr_spec=mailbox.address)
        mail["Subject"] = subject.replace("=?", "= ?")
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = f"<{letter.message_id}@{self._from.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body)
        mail["Content-Language"] = mailbox.language
        return mail
