"""SQLite or PostgreSQL: how to connect, how to begin, and how the tables come to be."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from seelearn.errors import UserError

BUSY = 30_000
"""Milliseconds to wait for another process that writes."""
MIGRATING = 5_313_021_774
"""The number of PostgreSQL's advisory lock that is held while tables are made."""


class Database:
    """Where the discussion is kept. All methods may be called in any thread."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._reading = self.engine.execution_options(reading=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that only reads; on SQLite nobody waits for it."""
        with Session(self._reading) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that writes, and commit at the end; an exception takes all of it back."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the tables up to date. The first process does it; others wait and find it done."""
        config = Config()
        config.set_main_option("script_location", "seelearn.discussion:migrations")
        with self.engine.begin() as connection:  # on SQLite this takes the lock for writing
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATING})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def scrub(self) -> None:
        """Take what was deleted out of SQLite's journal too; its file is overwritten with zeros by `secure_delete`."""
        if self.engine.dialect.name == "sqlite":
            with closing(self.engine.raw_connection()) as connection:  # outside any transaction
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def insert(session: Session, table: type) -> Any:
    """Return an INSERT that can say what to do about a row that exists: both databases can, each by its own class."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def _engine(given: str) -> Engine:
    try:
        url = make_url(given)
        if url.drivername in ("postgres", "postgresql"):
            url = url.set(drivername="postgresql+psycopg")
        if url.drivername not in ("sqlite", "postgresql+psycopg"):
            raise UserError(
                f"SEELEARN_DATABASE begins with {url.drivername!r}: allowed are sqlite:/// and postgresql://"
            )
        engine = create_engine(url, pool_size=5, max_overflow=15, pool_pre_ping=url.drivername != "sqlite")
    except ArgumentError:
        raise UserError("SEELEARN_DATABASE is not an address such as postgresql://user:password@host/name") from None
    except ModuleNotFoundError:
        raise UserError("PostgreSQL needs psycopg: pip install 'seelearn[postgres]'") from None
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, record: object) -> None:
    connection.isolation_level = None  # Python's module must not begin for us: see _begin
    for pragma in (
        f"busy_timeout={BUSY}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Begin as a writer at once: one that begins as a reader and writes later is refused, not made to wait."""
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
