"""Alembic's entry: run the migrations on the database the caller hands over, one runner at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

_LOCK = 7_205_759_403
"""Advisory lock of the migrations: replicas that start together wait for the first one."""


def _run(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    try:
        context.configure(connection=connection, target_metadata=None, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()


_run(context.config.attributes["connection"])
