"""The pool of connections: bounded in number, in waiting and in the time of each statement."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import assert_never

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from reference_app.errors import ReferenceAppError
from reference_app.settings import Settings

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]


class MailingConnection(AsyncConnection[TupleRow]):
    """A connection of a process that has mail set up: what happens on it is also told (:mod:`..notifications`)."""


AWAY: tuple[type[psycopg.Error], ...] = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
)
"""What is raised while PostgreSQL is full, gone, or takes no writing, as one that stands by: it may be back soon."""
LOCK_TIMEOUT_MS = 2000
IDLE_IN_TRANSACTION_MS = 5000
_READ_ONLY = (b"default_transaction_read_only", b"in_hot_standby")
"""What PostgreSQL says of a session without being asked, from version 14."""
CONNECT_TIMEOUT_S = 5


def make_pool(settings: Settings) -> Pool:
    """A pool, not yet open. Connections commit each statement unless a transaction is opened.

    When every connection is taken for longer than ``pool_wait_s``, or too many requests wait, or PostgreSQL is away,
    taking one raises ``psycopg.OperationalError``, which becomes a 503 (:mod:`reference_app.problems`).
    """
    return AsyncConnectionPool(
        settings.database_url,
        connection_class=Connection if settings.smtp_url is None else MailingConnection,
        kwargs={
            "autocommit": True,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "reference-app",
            **_of_a_session(settings),
        },
        min_size=min(2, settings.pool_size),
        max_size=settings.pool_size,
        timeout=settings.pool_wait_s,
        max_waiting=settings.pool_queue,
        reset=_returned,
        open=False,
    )


def limits(settings: Settings) -> dict[str, int]:
    """The settings of PostgreSQL that bound each statement of the service, in milliseconds."""
    return {
        "statement_timeout": settings.statement_timeout_ms,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
    }


def _of_a_session(settings: Settings) -> dict[str, object]:
    """What holds for as long as a connection does, where a connection is one session of PostgreSQL.

    Behind a pooler that hands out sessions by the transaction it is not: statements are not prepared there, and the
    limits are those of the role (docs/decisions/0202).
    """
    match settings.pooler:
        case "none":
            return {"options": " ".join(f"-c {name}={value}" for name, value in limits(settings).items())}
        case "transaction":
            return {"prepare_threshold": None}
        case _:
            assert_never(settings.pooler)


async def _returned(connection: Connection) -> None:
    """Close a connection on which nothing can be written: it would stay so when PostgreSQL, or another, writes again.

    Most have nothing to reset, but the pool then takes connections back in a task of its own. In the task of a request,
    the end of its time (:class:`reference_app.protection.Deadline`) could fall between the last statement and the pool:
    the connection would be lost for ever, and with the last one the service.
    """
    if any(connection.pgconn.parameter_status(name) == b"on" for name in _READ_ONLY):
        await connection.close()


@asynccontextmanager
async def connect(database_url: str) -> AsyncIterator[Connection]:
    """One connection, for a command.

    Raises:
        ReferenceAppError: the database does not answer, or not as expected.
    """
    try:
        async with await AsyncConnection.connect(
            database_url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise ReferenceAppError(f"database: {str(error).strip().splitlines()[0]}") from error
