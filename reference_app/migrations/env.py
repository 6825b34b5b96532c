"""Alembic's entry: run the migrations on the database the caller hands over, one runner at a time."""

from __future__ import annotations

import time

from alembic import context
from sqlalchemy import Connection, text

_LOCK = 7_205_759_403
"""Advisory lock of the migrations: replicas that start together wait for the first one."""
_LOOK_AGAIN_S = 0.2


def _run(connection: Connection) -> None:
    _wait_for_the_turn(connection)
    try:
        context.configure(connection=connection, target_metadata=None, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()


def _wait_for_the_turn(connection: Connection) -> None:
    """Take the lock by asking again: whoever waited inside of a statement would hold up CREATE INDEX CONCURRENTLY."""
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
        connection.commit()
        time.sleep(_LOOK_AGAIN_S)
    connection.commit()


_run(context.config.attributes["connection"])
