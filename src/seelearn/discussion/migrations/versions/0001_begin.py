"""The first tables.

A later change of models.py comes with the next file here, written by hand; a test compares the two on both databases.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _readers()
    _comments()
    _mail()
    op.create_table(
        "rates",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    )


def _readers() -> None:
    op.create_table(
        "authors",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token", sa.String(64), nullable=False, unique=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("trusted", sa.Boolean, nullable=False),
        sa.Column("blocked", sa.Boolean, nullable=False),
        sa.Column("teacher", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("lesson", sa.String(200), nullable=False, index=True),
        sa.Column("parent_id", sa.Integer, sa.ForeignKey("comments.id"), index=True),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("authors.id"), index=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("run", sa.JSON),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("edited", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "votes",
        sa.Column("comment_id", sa.Integer, sa.ForeignKey("comments.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("authors.id", ondelete="CASCADE"), primary_key=True),
    )


def _mail() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("authors.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("confirmed", sa.BigInteger),
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mailbox_id", sa.String(43), sa.ForeignKey("mailboxes.id", ondelete="CASCADE"), nullable=False),
        sa.Column("comment_id", sa.Integer, sa.ForeignKey("comments.id", ondelete="CASCADE"), index=True),
        sa.Column("message_id", sa.String(100), nullable=False, unique=True),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.UniqueConstraint("mailbox_id", "comment_id"),
        sqlite_autoincrement=True,
    )
