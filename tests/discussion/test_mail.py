"""Mail: to whom it goes, what stands in it, and how it ends. The mail server is real."""

import asyncio
import re
import time
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from sqlalchemy import select, update

from seelearn.discussion import mailboxes, outbox
from seelearn.discussion.letters import Writer
from seelearn.discussion.models import FAILED, SENT, WAITING, Letter, Mailbox
from seelearn.discussion.outbox import Outbox
from tests.discussion.conftest import API, Post, Site, bearer

Reader = Callable[[], str]
SITE = "https://course.example"


def wait_for(mails: list[EmailMessage], count: int) -> list[EmailMessage]:
    """Wait until so many mails have come; return them."""
    for _ in range(200):
        if len(mails) >= count:
            break
        time.sleep(0.05)
    assert len(mails) == count
    return mails


def link(mail: EmailMessage, what: str) -> str:
    """Return the path of a link in a mail."""
    found = re.search(rf"{SITE}(/discussion/\w\w/{what}/\S+)", mail.get_content())
    assert found is not None
    return found[1]


def bound(site: Site, mailserver: Post, reader: str, address: str, language: str = "en") -> None:
    """Bind an address and confirm it."""
    before = len(mailserver.mails)
    assert site.bind(reader, address, language).status_code == 202
    mail = wait_for(mailserver.mails, before + 1)[-1]
    assert site.client.post(link(mail, "confirm")).status_code == 200


def test_no_mail_goes_to_an_address_before_it_is_confirmed(mailing: Site, mailserver: Post, reader: Reader) -> None:
    ada, other = reader(), reader()
    number = mailing.shown(ada, "A question")
    assert mailing.bind(ada, "ada@example.net").status_code == 202
    (request,) = wait_for(mailserver.mails, 1)
    mailing.shown(other, "Too early", parent=number)
    path = link(request, "confirm")
    for _ in range(3):  # a scanner follows links
        assert "press the button" in mailing.client.get(path).text
    mailing.posted(other, "Still too early", parent=number)
    assert mailing.client.post(path).status_code == 200
    mailing.posted(other, "An answer", parent=number)
    _, news = wait_for(mailserver.mails, 2)
    assert "An answer" in news.get_content()
    assert mailing.me(ada)["mailboxes"] == [{"address": "a•••@example.net", "confirmed": True}]


def test_a_letter_is_in_the_readers_language_and_can_be_ended(mailing: Site, mailserver: Post, reader: Reader) -> None:
    ada, other = reader(), reader()
    bound(mailing, mailserver, ada, "ada@example.net", "zh")
    number = mailing.shown(ada)
    answer = mailing.shown(other, "因为梯度断了", parent=number, name="王老师")
    request, news = wait_for(mailserver.mails, 2)
    assert request["Subject"] == "请确认你的邮箱"
    assert news["Subject"] == "有人回复了你：试验"
    assert news["From"] == "Course <course@example.org>"
    assert news["X-Envelope-To"] == news["To"] == "ada@example.net"
    assert "> 因为梯度断了" in news.get_content()
    assert f"{SITE}/zh/lessons/trial#comment-{answer}" in news.get_content()
    assert f"\nList-Unsubscribe: <{SITE}/".encode() in mailserver.raw[-1]  # in one piece, as RFC 8058 wants it
    assert news["List-Unsubscribe"] == f"<{SITE}{link(news, 'unsubscribe')}>"
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_unsubscribing_is_one_post_and_a_get_does_nothing(mailing: Site, mailserver: Post, reader: Reader) -> None:
    ada, other = reader(), reader()
    bound(mailing, mailserver, ada, "ada@example.net")
    number = mailing.shown(ada)
    mailing.shown(other, "one", parent=number)
    path = link(wait_for(mailserver.mails, 2)[-1], "unsubscribe")
    for _ in range(3):
        assert "<button>Unsubscribe</button>" in mailing.client.get(path).text
        mailing.client.head(path)
    assert mailing.me(ada)["mailboxes"] != []
    answer = mailing.client.post(path, content="List-Unsubscribe=One-Click", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200
    assert mailing.me(ada)["mailboxes"] == []
    assert mailing.client.post(path).status_code == 200  # twice is no mistake
    mailing.posted(other, "two", parent=number)
    time.sleep(2)
    wait_for(mailserver.mails, 2)


def test_everyone_above_is_told_but_nobody_of_their_own_words(mailing: Site, mailserver: Post, reader: Reader) -> None:
    ada, bob, adas_phone = reader(), reader(), reader()
    for who, address in ((ada, "ada@example.net"), (bob, "bob@example.net"), (adas_phone, "Ada@Example.net")):
        bound(mailing, mailserver, who, address)
    mailserver.mails.clear()
    first = mailing.shown(ada)
    second = mailing.posted(ada, "me again", parent=first)
    third = mailing.shown(bob, "from bob", parent=second)
    assert [m["To"] for m in wait_for(mailserver.mails, 1)] == ["ada@example.net"]  # once, though two are hers
    mailing.shown(adas_phone, "from ada's phone", parent=third)
    assert [m["To"] for m in wait_for(mailserver.mails, 2)][1:] == ["bob@example.net"]
    time.sleep(1.5)
    wait_for(mailserver.mails, 2)


def test_what_waits_is_told_when_it_is_approved_and_only_once(mailing: Site, mailserver: Post, reader: Reader) -> None:
    ada, other = reader(), reader()
    bound(mailing, mailserver, ada, "ada@example.net")
    number = mailing.shown(ada)
    answer = mailing.posted(other, "see https://x.example", parent=number)
    time.sleep(1.5)
    wait_for(mailserver.mails, 1)
    mailing.moderate("comments", answer, "approve")
    wait_for(mailserver.mails, 2)
    mailing.client.patch(f"{API}/comments/{answer}", json={"text": "see https://y.example"}, headers=bearer(other))
    mailing.moderate("comments", answer, "approve")
    time.sleep(1.5)
    wait_for(mailserver.mails, 2)


@pytest.mark.parametrize(
    "name", ["A\r\nBcc: all@example.org", "A\nX: y", "A\u2028Bcc: x", "A\x00", "=?utf-8?q?A=0ABcc:x?="]
)
def test_no_name_and_no_title_adds_a_header(mailing: Site, mailserver: Post, reader: Reader, name: str) -> None:
    ada, other = reader(), reader()
    bound(mailing, mailserver, ada, "ada@example.net")
    number = mailing.shown(ada)
    mailing.shown(other, "\nBcc: all@example.org\n.\nRCPT TO: <all@example.org>", parent=number, name=name)
    news = wait_for(mailserver.mails, 2)[-1]
    assert sorted(news.keys()) == [
        "Auto-Submitted", "Content-Language", "Content-Transfer-Encoding", "Content-Type", "Date", "From",
        "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Message-ID", "Subject", "To", "X-Envelope-To",
    ]  # fmt: skip
    assert news["X-Envelope-To"] == "ada@example.net"
    assert "\n" not in news["Subject"]
    assert "> RCPT TO" in news.get_content()


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@b", "a@b.c\r\nBcc: x@y.zz", "a b@c.dd", "<a@b.cc>", "a@b.cc,d@e.ff", '"a"@b.cc', "é@b.cc", "a@b..cc", "x" * 65 + "@b.cc", "a@" + "b" * 260 + ".cc"],
)  # fmt: skip
def test_what_is_no_address_is_refused(mailing: Site, reader: Reader, address: str) -> None:
    ada = reader()
    assert mailing.bind(ada, address).status_code in (400, 422)
    assert mailing.me(ada)["mailboxes"] == []


def test_links_that_are_old_used_or_forged_confirm_nothing(
    mailing: Site, mailserver: Post, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = reader()
    mailing.bind(ada, "ada@example.net")
    path = link(wait_for(mailserver.mails, 1)[0], "confirm")
    signed = path.rsplit("/", 1)[1]
    mailbox = mailing.services.links.confirmed(signed)
    leaving = mailing.services.links.to_leave(mailbox)
    for forged in (signed[:-9] + ("A" if signed[-9] != "A" else "B") + signed[-8:], leaving, mailbox, "x" * 5000):
        for ask in (mailing.client.get, mailing.client.post):
            assert ask(f"/discussion/en/confirm/{forged}").status_code == 400
    assert mailing.client.post(f"/discussion/en/unsubscribe/{signed}").status_code == 400
    monkeypatch.setattr(mailboxes, "DAY", -1)
    assert mailing.client.post(path).status_code == 400
    assert mailing.me(ada)["mailboxes"] == [{"address": "a•••@example.net", "confirmed": False}]
    monkeypatch.undo()
    assert mailing.client.post(path).status_code == 200
    assert mailing.client.post(path).status_code == 410


def test_another_request_ends_the_first_but_not_what_is_confirmed(
    mailing: Site, mailserver: Post, reader: Reader
) -> None:
    ada = reader()
    bound(mailing, mailserver, ada, "old@example.net")
    mailing.bind(ada, "typo@example.net")
    typo = wait_for(mailserver.mails, 2)[-1]
    mailing.bind(ada, "new@example.net")
    new = wait_for(mailserver.mails, 3)[-1]
    assert mailing.client.post(link(typo, "confirm")).status_code == 410
    assert {m["address"] for m in mailing.me(ada)["mailboxes"]} == {"o•••@example.net", "n•••@example.net"}
    mailing.client.post(link(new, "confirm"))
    assert [m["address"] for m in mailing.me(ada)["mailboxes"]] == ["n•••@example.net"]


def test_nobody_is_flooded_with_requests_to_confirm(mailing: Site, mailserver: Post, reader: Reader) -> None:
    answers = [mailing.bind(reader(), "ada@example.net").status_code for _ in range(5)]
    assert answers == [202, 202, 202, 429, 429]
    wait_for(mailserver.mails, 3)


def test_an_address_that_nobody_confirms_is_forgotten(mailing: Site, mailserver: Post, reader: Reader) -> None:
    ada, bob = reader(), reader()
    bound(mailing, mailserver, bob, "bob@example.net")
    mailing.bind(ada, "ada@example.net")
    with mailing.services.database.write() as session:
        session.execute(update(Mailbox).values(created=int(time.time()) - mailboxes.DAY - 1))
        mailboxes.forget_unconfirmed(session)
    assert mailing.me(ada)["mailboxes"] == []
    assert len(mailing.me(bob)["mailboxes"]) == 1


def test_without_a_mail_server_comments_work_and_mail_says_no(site: Site, reader: Reader) -> None:
    site.shown(reader())
    answer = site.bind(reader(), "ada@example.net")
    assert (answer.status_code, answer.json()["error"]) == (409, "This server sends no mail.")
    assert site.client.get(f"{API}/lessons/trial").json()["mail"] is False


def test_addresses_are_not_logged(
    mailing: Site, mailserver: Post, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    mailserver.refusal = "550 no such person as ada@example.net"
    mailing.bind(reader(), "ada@example.net")
    for _ in range(200):
        if _states(mailing) == [FAILED]:
            break
        time.sleep(0.05)
    assert "letter 1, attempt 1: SMTPDataError 550" in caplog.text
    assert "ada" not in caplog.text
    assert _states(mailing) == [FAILED]


class _Boxed:
    """An outbox that a test works by hand; its site's own one sleeps, for nothing is due for it."""

    def __init__(self, site: Site) -> None:
        here = site.services
        assert here.settings.smtp is not None
        self.outbox = Outbox(
            here.database, Writer(here.catalogue, here.settings, here.settings.smtp), here.settings.smtp
        )
        self.database = here.database

    def make_due(self) -> None:
        """Let the time pass that letters wait."""
        with self.database.write() as session:
            session.execute(update(Letter).where(Letter.state == WAITING).values(due=int(time.time())))


@pytest.fixture
def by_hand(build: Callable[..., Site], url: str, mailserver: Post, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A discussion whose letters nobody sends but the test."""

    async def sleep(self: Outbox, stop: asyncio.Event) -> None:
        await stop.wait()

    monkeypatch.setattr(Outbox, "work", sleep)
    return build(SEELEARN_DATABASE=url, **mailserver.environment())


def test_a_process_that_dies_with_a_letter_in_hand_loses_none(by_hand: Site, mailserver: Post, reader: Reader) -> None:
    by_hand.bind(reader(), "ada@example.net")
    dead, alive = _Boxed(by_hand), _Boxed(by_hand)
    assert dead.outbox.claim() is not None  # and it dies here, before it sends
    assert alive.outbox.claim() is None  # not yet: it might only be slow
    alive.make_due()
    claimed = alive.outbox.claim()
    assert claimed is not None
    asyncio.run(alive.outbox.send(claimed))
    alive.make_due()
    assert alive.outbox.claim() is None
    assert len(mailserver.mails) == 1


def test_a_letter_taken_but_not_written_down_comes_again_under_the_same_id(
    by_hand: Site, mailserver: Post, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand.bind(reader(), "ada@example.net")
    dead, alive = _Boxed(by_hand), _Boxed(by_hand)

    async def die(*_: object) -> None:
        raise SystemExit

    claimed = dead.outbox.claim()
    assert claimed is not None
    monkeypatch.setattr(dead.outbox, "_settle", die)
    with pytest.raises(SystemExit):
        asyncio.run(dead.outbox.send(claimed))
    alive.make_due()
    again = alive.outbox.claim()
    assert again is not None
    asyncio.run(alive.outbox.send(again))
    first, second = mailserver.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert _states(by_hand) == [SENT]


def test_one_that_comes_late_does_not_undo_what_another_did(by_hand: Site, mailserver: Post, reader: Reader) -> None:
    by_hand.bind(reader(), "ada@example.net")
    slow, quick = _Boxed(by_hand), _Boxed(by_hand)
    late = slow.outbox.claim()
    quick.make_due()
    claimed = quick.outbox.claim()
    assert late is not None
    assert claimed is not None
    asyncio.run(quick.outbox.send(claimed))
    mailserver.refusal = "451 later"
    asyncio.run(slow.outbox.send(late))
    assert _states(by_hand) == [SENT]


@pytest.mark.parametrize(("refusal", "state"), [("451 try later", WAITING), ("550 never", FAILED)])
def test_what_may_work_later_is_tried_again(
    by_hand: Site, mailserver: Post, reader: Reader, refusal: str, state: str
) -> None:
    by_hand.bind(reader(), "ada@example.net")
    mailserver.refusal = refusal
    box = _Boxed(by_hand)
    claimed = box.outbox.claim()
    assert claimed is not None
    asyncio.run(box.outbox.send(claimed))
    assert _states(by_hand) == [state]
    mailserver.refusal = ""
    box.make_due()
    claimed = box.outbox.claim()
    assert (claimed is not None) == (state == WAITING)


def test_pauses_double_and_end() -> None:
    pauses = [outbox._pause(attempt) for attempt in range(1, outbox.ATTEMPTS)]
    assert pauses[:4] == [60, 120, 240, 480]
    assert max(pauses) == outbox.LONGEST
    assert 1.5 < sum(pauses) / 86_400 < 2.5


@pytest.mark.parametrize("how", ["deleted", "left"])
def test_a_letter_about_what_is_gone_is_not_sent(by_hand: Site, mailserver: Post, reader: Reader, how: str) -> None:
    ada, other = reader(), reader()
    box = _Boxed(by_hand)
    by_hand.bind(ada, "ada@example.net")
    claimed = box.outbox.claim()
    assert claimed is not None
    asyncio.run(box.outbox.send(claimed))
    by_hand.client.post(link(mailserver.mails[0], "confirm"))
    number = by_hand.shown(ada)
    answer = by_hand.shown(other, "gone soon", parent=number)
    if how == "deleted":
        by_hand.client.delete(f"{API}/comments/{answer}", headers=bearer(other))
    else:
        by_hand.client.delete(f"{API}/me/mailbox", headers=bearer(ada))
    assert box.outbox.claim() is None
    assert len(mailserver.mails) == 1


def _states(site: Site) -> list[str]:
    with site.services.database.read() as session:
        return list(session.scalars(select(Letter.state)))
