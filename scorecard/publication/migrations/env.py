"""Alembic's entry: one runner at a time, on the connection that the caller hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

_LOCK = 7_205_759_404
"""Advisory lock: replicas that start together wait for the first one."""

_TABLE = "publication_version"
"""Its own version table: the database may hold other things."""


def _run(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    try:
        context.configure(connection=connection, version_table=_TABLE, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()


_run(context.config.attributes["connection"])
