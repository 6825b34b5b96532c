"""Deleting for good: dossiers with all that belongs to them, appointments and their seats, what leads to a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg import sql

from reference_app.appointments.booking import RELEASE
from reference_app.database import Connection
from reference_app.pieces import holding as pieces

CHILDREN = ("traitement", "operation", "correction", "message")
"""Tables whose rows hold a dossier back; those of all others go with it, or outlive it without anything of a person."""

_REGISTER = """
    INSERT INTO forgotten (dossier_id, procedure, rule, head, forgotten_at)
    SELECT id, procedure, %(rule)s, head, %(at)s FROM dossier WHERE id = ANY(%(ids)s) AND head IS NOT NULL
    ON CONFLICT DO NOTHING"""
_DELETE = tuple(
    sql.SQL("DELETE FROM {} WHERE dossier_id = ANY(%(ids)s)").format(sql.Identifier(table)) for table in CHILDREN
)
_DELETE_DOSSIERS = "DELETE FROM dossier WHERE id = ANY(%(ids)s)"

# What an agent who acted for the person would be answered again, for a day.
_LET_GO_AT_COUNTER = """
    DELETE FROM idempotency_key k
    WHERE k.account_id IN (SELECT m.agent_id FROM mandat m WHERE m.account_id = %(account)s)
      AND EXISTS (SELECT FROM unnest(%(ids)s::uuid[]) AS gone (id) WHERE position(gone.id::text IN k.answer) > 0)"""

# The rows first, then the slots by identifier: the order in which booking takes its locks.
_LOCK_SEATS = """
    SELECT creneau_id, state NOT IN ('excused', 'revoked') FROM rendez_vous WHERE account_id = %(account)s
    ORDER BY creneau_id FOR UPDATE"""
_DELETE_SEATS = "DELETE FROM rendez_vous WHERE account_id = %(account)s"

# The row stays, since histories point to it, and says nothing of anybody any more.
_BLANK = """
    WITH blank AS (UPDATE account SET subject = 'erased-' || gen_random_uuid() WHERE id = ANY(%(ids)s) RETURNING id)
    INSERT INTO ended_session (id, ended_at) SELECT id, now() FROM blank
    ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at"""
_LET_GO = (
    "DELETE FROM idempotency_key WHERE account_id = ANY(%(ids)s)",
    "DELETE FROM source_answer WHERE account_id = ANY(%(ids)s)",
    "DELETE FROM notification WHERE account_id = ANY(%(ids)s) AND dossier_id IS NULL",
)
_LET_GO_WITH_ACCOUNT = (
    "DELETE FROM correspondence WHERE account_id = ANY(%(ids)s)",
    "UPDATE invitation SET account_id = NULL WHERE account_id = ANY(%(ids)s)",
)


async def dossiers(connection: Connection, ids: Sequence[UUID], rule: str, at: datetime) -> int:
    """Delete dossiers that the caller's transaction has locked; of those that were filed the register keeps a line.

    The bytes of their pieces go once it commits.
    """
    parameters = {"ids": list(ids), "rule": rule, "at": at}
    await connection.execute(_REGISTER, parameters)
    await pieces.forget(connection, ids)
    for statement in _DELETE:
        await connection.execute(statement, parameters)
    return (await connection.execute(_DELETE_DOSSIERS, parameters)).rowcount


async def answers_at_counter(connection: Connection, account: UUID, ids: Sequence[UUID]) -> None:
    """Forget the answers kept for retries of agents who acted for ``account``, where they hold these dossiers."""
    await connection.execute(_LET_GO_AT_COUNTER, {"account": account, "ids": list(ids)})


async def appointments(connection: Connection, account: UUID) -> int:
    """Delete the appointments of ``account``, past and to come; their seats are free again."""
    taken = await (await connection.execute(_LOCK_SEATS, {"account": account})).fetchall()
    for creneau, held in taken:
        if held:
            await connection.execute(RELEASE, {"creneau": creneau})
    return (await connection.execute(_DELETE_SEATS, {"account": account})).rowcount


async def beside(connection: Connection, ids: Sequence[UUID]) -> None:
    """Delete what accounts hold beside dossiers, appointments and mandates."""
    for statement in _LET_GO:
        await connection.execute(statement, {"ids": list(ids)})


async def accounts(connection: Connection, ids: Sequence[UUID]) -> int:
    """Make accounts say nothing of anybody: signing in makes a new one, and every session of the old one ends."""
    await beside(connection, ids)
    for statement in _LET_GO_WITH_ACCOUNT:
        await connection.execute(statement, {"ids": list(ids)})
    return (await connection.execute(_BLANK, {"ids": list(ids)})).rowcount
