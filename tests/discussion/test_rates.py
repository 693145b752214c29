"""How often: by address, by network, by mail address; and what is kept of an address."""

import time
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from seelearn.discussion import rates
from seelearn.discussion.models import Rate
from seelearn.discussion.rates import Rates
from tests.discussion.conftest import BASE, THREAD, Site, bearer

Reader = Callable[[], str]


def post_from(site: Site, host: str, reader: str) -> int:
    """Post from an address; return the status."""
    client = TestClient(site.client.app, base_url=BASE, client=(host, 1))
    return client.post(f"{THREAD}/comments", json={"name": "A", "text": "B"}, headers=bearer(reader)).status_code


@pytest.mark.parametrize(
    ("host", "neighbour", "far"),
    [
        ("192.0.2.7", "192.0.2.8", "192.0.3.7"),
        ("2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:2:1::1"),
        ("::ffff:192.0.2.7", "192.0.2.8", "192.0.3.7"),
    ],
)
def test_an_address_and_then_its_network_have_to_wait(
    site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch, host: str, neighbour: str, far: str
) -> None:
    monkeypatch.setitem(rates.ADDRESS, "post", "3/minute; 100/hour")
    monkeypatch.setitem(rates.NETWORK, "post", "5/minute")
    assert [post_from(site, host, reader()) for _ in range(4)] == [201, 201, 201, 429]
    assert [post_from(site, neighbour, reader()) for _ in range(3)] == [201, 201, 429]
    assert post_from(site, far, reader()) == 201


def test_one_customer_of_ipv6_is_one_address(site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rates.ADDRESS, "post", "2/minute")
    hosts = [f"2001:db8:1:1::{n}" for n in range(3)]
    assert [post_from(site, host, reader()) for host in hosts] == [201, 201, 429]


def test_all_processes_count_together_and_time_sets_free(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rates.ADDRESS, "login", "3/minute")
    here = site.services
    processes = [Rates(here.database, here.settings.secret) for _ in range(2)]
    assert [processes[n % 2].allow("login", "192.0.2.7") for n in range(4)] == [True, True, True, False]
    with here.database.write() as session:
        session.execute(update(Rate).values(expires=int(time.time()) - 1))
    assert processes[0].allow("login", "192.0.2.7")
    here.rates.forget()
    with here.database.read() as session:
        assert session.scalars(select(Rate.count).where(Rate.expires <= time.time())).all() == []


def test_what_is_refused_writes_nothing(site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rates.ADDRESS, "post", "1/minute")
    assert post_from(site, "192.0.2.7", reader()) == 201

    def counts() -> list[int]:
        with site.services.database.read() as session:
            return sorted(session.scalars(select(Rate.count)))

    before = counts()
    assert [post_from(site, "192.0.2.7", reader()) for _ in range(20)] == [429] * 20
    assert counts() == before


def test_the_secret_of_moderators_cannot_be_guessed_fast(site: Site) -> None:
    guesses = [site.client.post("/discussion/en/admin/login", data={"secret": f"guess {n}"}) for n in range(7)]
    assert [answer.status_code for answer in guesses] == [403] * 5 + [429] * 2
    assert "Wait a while" in guesses[-1].text


def test_no_address_is_kept_as_it_is(site: Site, reader: Reader) -> None:
    post_from(site, "192.0.2.77", reader())
    with site.services.database.read() as session:
        keys = list(session.scalars(select(Rate.key)))
    assert keys
    assert not [key for key in keys if "192.0.2" in key]
    other = Rates(site.services.database, "another secret")
    other.allow("post", "192.0.2.77")
    with site.services.database.read() as session:  # without the secret nobody can try all addresses
        assert len(list(session.scalars(select(Rate.key)))) == 2 * len(keys)
