"""Tables, settings and secrets."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from seelearn.discussion.database import Database
from seelearn.discussion.models import Base
from seelearn.discussion.settings import read_settings
from seelearn.errors import UserError
from seelearn.labels import LANGUAGES

MAIL = {"SEELEARN_SMTP_HOST": "mail.example", "SEELEARN_SMTP_FROM": "a@b.cc", "SEELEARN_URL": "https://a.example/"}


def test_the_migrations_make_what_the_models_say(url: str) -> None:
    database = Database(url)
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_many_processes_that_start_at_once_make_the_tables_once(url: str) -> None:
    databases = [Database(url) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(Database.migrate, databases))
    for database in databases:
        with database.engine.connect() as connection:
            assert MigrationContext.configure(connection).get_current_revision() == "0001"
        database.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://a", "allowed are sqlite:/// and postgresql://"),
        ("nonsense", "is not an address such as postgresql://"),
    ],
)
def test_another_database_is_refused_with_what_is_allowed(url: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Database(url)


def test_secrets_are_made_once_and_for_our_eyes_only(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: read_settings(tmp_path / "new", {}), range(16)))
    assert len({(settings.secret, settings.admin) for settings in found}) == 1
    assert found[0].secret != found[0].admin
    assert len(found[0].admin) >= 43
    folder = tmp_path / "new"
    assert sorted(path.name for path in folder.iterdir()) == ["admin", "secret"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert found[0].secret not in repr(found[0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"SEELEARN_ADMIN": "short"}, "SEELEARN_ADMIN has 5 characters, but must have 12 or more"),
        ({"SEELEARN_SECRET": "short"}, "SEELEARN_SECRET has 5 characters"),
        ({"SEELEARN_URL": "course.example"}, "must begin with http"),
        ({**MAIL, "SEELEARN_URL": ""}, "mail needs SEELEARN_URL"),
        ({**MAIL, "SEELEARN_SMTP_PORT": "99999"}, "a whole number from 1 to 65535"),
        ({**MAIL, "SEELEARN_SMTP_TLS": "ssl"}, "one of starttls, tls, none"),
        ({**MAIL, "SEELEARN_SMTP_FROM": ""}, "SEELEARN_SMTP_FROM must be the address"),
    ],
)
def test_a_setting_that_cannot_work_is_said_at_the_start(tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_settings(tmp_path, wrong)


def test_mail_is_encrypted_unless_one_says_otherwise(tmp_path: Path) -> None:
    smtp = read_settings(tmp_path, {**MAIL, "SEELEARN_SMTP_PASSWORD": "hidden"}).smtp
    assert smtp is not None
    assert (smtp.tls, smtp.port) == ("starttls", 587)
    assert "hidden" not in repr(smtp)


def test_every_word_is_there_in_both_languages() -> None:
    import tomllib

    from seelearn.discussion.words import WORDS

    tables = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    for words in tables.values():
        for key, word in words.items():
            assert set(word) == set(LANGUAGES), key
            assert all(word.values()), key
