"""Sends the letters that wait, one at a time, from any number of server processes.

A process claims a letter by moving its `due` into the future: for that long the others leave it alone. After the mail
server has taken it, the letter is `SENT` and never touched again. So a crash at any moment loses none: the letter is
due again when the claim has run out. None is sent twice either, with one exception that no client of SMTP can close: a
process that dies after the mail server took the letter and before that was written down. The letter is then sent once
more under the same Message-ID, by which mail stores recognise it.
"""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib
from sqlalchemy import exists, select, update
from sqlalchemy.exc import DBAPIError

from seelearn.discussion.database import Database
from seelearn.discussion.letters import Writer
from seelearn.discussion.models import FAILED, SENT, WAITING, Letter
from seelearn.discussion.settings import Smtp

PAUSE = 1.0
"""Seconds between two looks into an empty outbox."""
TIMEOUT = 60
"""Seconds that one attempt may take."""
CLAIM = 5 * TIMEOUT
"""Seconds for which a claimed letter is left alone: longer than any attempt, even on a machine that stalls."""
FIRST, LONGEST, ATTEMPTS = 60, 6 * 60 * 60, 16
"""Seconds until the second attempt, doubled each time up to the longest; sixteen attempts take two days."""
SETTLING = (1, 3, 9, 27, 81)
"""Seconds between attempts to write down how a letter ended."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A letter that is ours until its claim runs out; `attempt` tells this claim from a later one."""

    id: int
    attempt: int
    mail: EmailMessage


class Outbox:
    """The letters of one database and the mail server that takes them."""

    def __init__(self, database: Database, writer: Writer, smtp: Smtp) -> None:
        self._database = database
        self._writer = writer
        self._smtp = smtp

    async def work(self, stop: asyncio.Event) -> None:
        """Send what is due until told to stop; the letter at hand is finished first."""
        while not stop.is_set():
            try:
                claimed = await asyncio.to_thread(self.claim)
                if claimed is not None:
                    await self.send(claimed)
                    continue
            except Exception as error:  # the database may be away for a while; letters wait
                log.warning("the outbox could not be read: %s", type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), PAUSE)
            except TimeoutError:
                continue

    def claim(self) -> Claimed | None:
        """Take the letter that is due first, for `CLAIM` seconds, and write its mail."""
        now = int(time.time())
        due = (Letter.state == WAITING) & (Letter.due <= now)
        with self._database.read() as session:
            if not session.scalar(select(exists().where(due))):
                return None
        with self._database.write() as session:
            first = select(Letter).where(due).order_by(Letter.due, Letter.id).limit(1)
            letter = session.scalars(first.with_for_update(skip_locked=True)).first()
            if letter is None:
                return None
            mail = self._writer.write(session, letter)
            if mail is None:
                session.delete(letter)
                return None
            letter.attempts += 1
            letter.due = now + CLAIM
            return Claimed(letter.id, letter.attempts, mail)

    async def send(self, claimed: Claimed) -> None:
        """Hand a letter to the mail server, write down what came of it, and only then take leave of the server."""
        client = self._client()
        state, due = SENT, int(time.time())
        try:
            async with asyncio.timeout(TIMEOUT):
                await client.connect()
                to = [address.addr_spec for address in claimed.mail["To"].addresses]
                await client.sendmail(self._writer.sender, to, claimed.mail.as_bytes())
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            final = _refused(error) or claimed.attempt >= ATTEMPTS
            state, due = (FAILED if final else WAITING), due + _pause(claimed.attempt)
            # Neither the error's text nor its arguments: they may name the address.
            what, code = type(error).__name__, getattr(error, "code", "")
            log.warning("letter %d, attempt %d: %s %s", claimed.id, claimed.attempt, what, code)
        try:
            await self._settle(claimed, state, due)
        finally:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await asyncio.wait_for(client.quit(), 5)
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        smtp = self._smtp
        return aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.user or None,
            password=smtp.password or None,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
            timeout=TIMEOUT / 2,
        )

    async def _settle(self, claimed: Claimed, state: str, due: int) -> None:
        """Write down how an attempt ended; a database that is away for a moment must not make us send again."""
        for pause in SETTLING:
            try:
                await asyncio.to_thread(self._write_down, claimed, state, due)
            except DBAPIError:
                await asyncio.sleep(pause)
            else:
                return
        log.warning("letter %d: how it ended could not be written down", claimed.id)

    def _write_down(self, claimed: Claimed, state: str, due: int) -> None:
        ours = (Letter.id == claimed.id) & (Letter.attempts == claimed.attempt) & (Letter.state == WAITING)
        with self._database.write() as session:
            session.execute(update(Letter).where(ours).values(state=state, due=due))


def _pause(attempt: int) -> int:
    return int(min(FIRST * 2 ** (attempt - 1), LONGEST))


def _refused(error: Exception) -> bool:
    """Say whether the mail server will never take this letter; a wrong password or sender is ours to mend."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(_refused(one) for one in error.recipients)
    never = (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)
    return isinstance(error, never) and error.code >= 500
