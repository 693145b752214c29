"""Alembic runs this file; the connection, with its lock, comes from `Database.migrate`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
