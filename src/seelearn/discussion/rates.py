"""How often one address, and the network it lies in, may do something. Addresses are kept as keyed hashes only."""

import hashlib
import hmac
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete, select
from sqlalchemy.exc import SQLAlchemyError

from seelearn.discussion.database import Database, insert
from seelearn.discussion.models import Rate

ADDRESS = {
    "post": "10/minute; 60/hour",
    "small": "60/minute",
    "mailbox": "5/hour; 10/day",
    "login": "5/minute; 30/hour",
}
"""What one address may do: post or edit; vote, delete or preview; bind a mailbox; try the moderators' secret."""
NETWORK = {
    "post": "40/minute; 300/hour",
    "small": "600/minute",
    "mailbox": "30/hour; 60/day",
    "login": "20/minute; 100/hour",
}
"""What all addresses of one network may do: a class can sit behind it."""
TARGET = "3/day"
"""How many requests to confirm may go to one mail address, whoever asks."""


class Rates:
    """The limits, counted in the database: all server processes count together, and a new one goes on."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret.encode()
        self._limiter = FixedWindowRateLimiter(_Table(database))

    def allow(self, what: str, host: str) -> bool:
        """Count one act of the client at `host`, unless that would be one too many: then say no."""
        address, network = _places(host)
        return self._hit(ADDRESS[what], what, address) and self._hit(NETWORK[what], what, network)

    def allow_mail(self, address: str) -> bool:
        """Count one request to confirm that goes to a mail address, unless it would be one too many."""
        return self._hit(TARGET, "target", address.lower())

    def forget(self) -> None:
        """Delete the counts whose time is over."""
        with self._database.write() as session:
            session.execute(delete(Rate).where(Rate.expires <= time.time()))

    def _hit(self, limits: str, what: str, who: str) -> bool:
        key = hmac.new(self._secret, f"{what} {who}".encode(), hashlib.sha256).hexdigest()[:32]

        def all_allow(ask: Callable[[RateLimitItem, str, str], bool]) -> bool:
            return all(ask(limit, what, key) for limit in parse_many(limits))

        # Asking first only reads: a flood, once it is refused, writes nothing.
        return all_allow(self._limiter.test) and all_allow(self._limiter.hit)


def _places(host: str) -> tuple[str, str]:
    """Return an address and its network: /24, or for IPv6 /64 (what one customer gets) and /48."""
    try:
        ip = ip_address(host)
    except ValueError:  # a connection without an address, as in a test
        return host, host
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    sizes = (32, 24) if ip.version == 4 else (64, 48)
    first, second = (str(ip_network((ip, size), strict=False)) for size in sizes)
    return first, second


class _Table(Storage):
    """Keeps the counts of `limits` in our database."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = int(time.time())
        over = Rate.expires <= now
        with self._database.write() as session:
            added = insert(session, Rate).values(key=key, count=amount, expires=now + expiry)
            counted = added.on_conflict_do_update(
                index_elements=[Rate.key],
                set_={
                    "count": case((over, amount), else_=Rate.count + amount),
                    "expires": case((over, now + expiry), else_=Rate.expires),
                },
            )
            return int(session.execute(counted.returning(Rate.count)).scalar_one())

    def get(self, key: str) -> int:
        with self._database.read() as session:
            return session.scalar(select(Rate.count).where(Rate.key == key, Rate.expires > time.time())) or 0

    def get_expiry(self, key: str) -> float:
        with self._database.read() as session:
            return session.scalar(select(Rate.expires).where(Rate.key == key)) or time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        raise NotImplementedError

    def clear(self, key: str) -> None:
        raise NotImplementedError
