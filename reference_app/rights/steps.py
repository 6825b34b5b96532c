"""What the purge forgets, step by step: each in batches that lock few rows, and pass over those somebody works on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql

from reference_app import ended_sessions, idempotency
from reference_app.database import Connection
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.procedure import PROCEDURES
from reference_app.rights import forgetting

BATCH = 200
"""Dossiers, slots or accounts of one transaction."""
ROWS = 2_000
"""Plain rows of one transaction."""
CONSULTATIONS_KEPT_D = 365
"""Who opened what: six months to a year (CNIL, recommendation on logging of 14 October 2021)."""
MANDATES_KEPT_D = 365
"""A mandate is the proof of who acted for whom: as long as a dossier of the person, a year at least (our choice)."""
EMPTY_ACCOUNTS_KEPT_D = 30
"""An account holds nothing but the identifier of the provider, and is made again when its person comes back.

Our choice, as the two below: nothing but usefulness speaks for a number."""
IMPORTED_FILES_KEPT_D = 30
INVITATIONS_KEPT_D = 365
"""Who was invited to what: as long as a campaign is looked at, and no longer."""

Batches = Callable[[Connection, datetime], AsyncIterator[int]]


@dataclass(frozen=True, slots=True)
class Step:
    """One kind: ``due`` counts what would be forgotten, ``forget`` gives the number of each batch, committed."""

    kind: str
    due: Batches
    forget: Batches


@dataclass(frozen=True, slots=True)
class _Rule:
    """Dossiers or slots of one procedure that are due: a SELECT of their identifiers in the order of an index."""

    rule: str
    due: LiteralString
    values: Mapping[str, object]


# Months are counted by the calendar, as on the page that says until when; the second condition lets an index serve.
_DRAFTS: LiteralString = """
    SELECT d.id FROM dossier d JOIN purge_notice n ON n.dossier_id = d.id
    WHERE d.state = 'brouillon' AND d.procedure = %(procedure)s
      AND (d.updated_at AT TIME ZONE %(zone)s)::date + %(days)s < %(today)s
      AND n.told_at > d.updated_at AND (n.told_at AT TIME ZONE %(zone)s)::date + %(told_days)s <= %(today)s
    ORDER BY d.id"""
_DECIDED: LiteralString = """
    SELECT d.id FROM dossier d
    WHERE d.procedure = %(procedure)s AND d.state = ANY(%(states)s) AND d.decided_at < %(before)s
      AND (d.decided_at AT TIME ZONE %(zone)s)::date + make_interval(months => %(months)s) < %(today)s
    ORDER BY d.decided_at"""
_SILENT: LiteralString = """
    SELECT d.id FROM dossier d
    WHERE d.procedure = %(procedure)s AND d.state = ANY(%(states)s) AND d.filed_at < %(before)s
      AND d.silence_on + make_interval(months => %(months)s) < %(today)s
    ORDER BY d.filed_at"""
_MESSAGES: LiteralString = """
    SELECT d.id FROM dossier d
    WHERE d.procedure = %(procedure)s AND d.messages > 0 AND d.decided_at < %(before)s
      AND (d.decided_at AT TIME ZONE %(zone)s)::date + make_interval(months => %(months)s) < %(today)s
    ORDER BY d.decided_at"""
_SLOTS: LiteralString = """
    SELECT d.id FROM creneau d
    WHERE d.procedure = %(procedure)s AND (d.starts_at AT TIME ZONE %(zone)s)::date + %(days)s < %(today)s
    ORDER BY d.lieu_id, d.starts_at"""

_ACCOUNTS: LiteralString = """
    SELECT a.id FROM account a
    WHERE a.provider IN ('citizen', 'counter') AND NOT starts_with(a.subject, 'erased-') AND a.created_at < %(before)s
      AND NOT EXISTS (SELECT FROM dossier d WHERE d.account_id = a.id)
      AND NOT EXISTS (SELECT FROM rendez_vous r WHERE r.account_id = a.id)
      AND NOT EXISTS (SELECT FROM mandat m WHERE m.account_id = a.id)"""

_SWEPT: Mapping[str, tuple[LiteralString, LiteralString]] = {
    "idempotency keys": ("idempotency_key", "created_at < %(at)s - make_interval(hours => %(key_hours)s)"),
    "codes for the counter": ("counter_code", "expires_at < %(at)s"),
    "answers of sources": ("source_answer", "expires_at < %(at)s"),
    "files of invitations": ("campaign_file", "read_at < %(files)s"),
    "invitations": (
        "invitation",
        "campaign_id IN (SELECT c.id FROM campaign c WHERE c.created_at < %(invitations)s)",
    ),
    "mandates": (
        "mandat",
        "ends_at < %(mandates)s AND NOT EXISTS (SELECT FROM dossier d WHERE d.account_id = mandat.account_id)",
    ),
    "records of who opened what": ("consultation", "day < %(consultations)s::date"),
}
"""Rows that are forgotten for themselves: their table and when they are due."""

_COUNTED = sql.SQL("SELECT count(*) FROM ({due}) due")


def steps() -> tuple[Step, ...]:
    """Every step, in order: accounts last, since the others empty them."""
    return (
        Step("ends of sessions", _due_sessions, _forget_sessions),
        *(_sweep(kind, table, due) for kind, (table, due) in _SWEPT.items()),
        _of_rules("drafts", _drafts, _forget_dossiers),
        _of_rules("dossiers", _dossiers, _forget_dossiers),
        _of_rules("dossiers whose messages go before", _messages, _forget_messages),
        _of_rules("slots of appointments", _slots, _forget_slots),
        Step("accounts of which nothing is left", _due_accounts, _forget_accounts),
    )


def _sweep(kind: str, table: LiteralString, due: LiteralString) -> Step:
    of = {"table": sql.Identifier(table), "due": sql.SQL(due)}
    query = sql.SQL("SELECT count(*) FROM {table} WHERE {due}").format(**of)
    delete = sql.SQL(
        """DELETE FROM {table} WHERE ctid = ANY(ARRAY(
               SELECT ctid FROM {table} WHERE {due} LIMIT %(rows)s FOR UPDATE SKIP LOCKED))"""
    ).format(**of)

    async def count(connection: Connection, at: datetime) -> AsyncIterator[int]:
        yield await _number(connection, query, _times(at))

    async def forget(connection: Connection, at: datetime) -> AsyncIterator[int]:
        while gone := (await connection.execute(delete, _times(at))).rowcount:
            yield gone

    return Step(kind, count, forget)


async def _due_sessions(connection: Connection, at: datetime) -> AsyncIterator[int]:
    query = sql.SQL("SELECT count(*) FROM ended_session WHERE ended_at < %(before)s").format()
    yield await _number(connection, query, {"before": at - ended_sessions.KEPT})


async def _forget_sessions(connection: Connection, at: datetime) -> AsyncIterator[int]:
    if gone := await ended_sessions.purge(connection, at):
        yield gone


def _times(at: datetime) -> Mapping[str, object]:
    return {
        "at": at,
        "rows": ROWS,
        "key_hours": idempotency.KEPT_H,
        "mandates": at - timedelta(days=MANDATES_KEPT_D),
        "files": at - timedelta(days=IMPORTED_FILES_KEPT_D),
        "invitations": at - timedelta(days=INVITATIONS_KEPT_D),
        "consultations": at - timedelta(days=CONSULTATIONS_KEPT_D),
    }


_Effect = Callable[[Connection, list[UUID], str, datetime], Any]


def _of_rules(kind: str, rules: Callable[[datetime], list[_Rule]], effect: _Effect) -> Step:
    async def count(connection: Connection, at: datetime) -> AsyncIterator[int]:
        for rule in rules(at):
            yield await _number(connection, _COUNTED.format(due=sql.SQL(rule.due)), rule.values)

    async def forget(connection: Connection, at: datetime) -> AsyncIterator[int]:
        for rule in rules(at):
            due = sql.SQL("{due} LIMIT %(batch)s FOR UPDATE OF d SKIP LOCKED").format(due=sql.SQL(rule.due))
            while True:
                async with connection.transaction():
                    rows = await connection.execute(due, {**rule.values, "batch": BATCH})
                    ids = [row[0] for row in await rows.fetchall()]
                    if ids:
                        await effect(connection, ids, rule.rule, at)
                if not ids:
                    break
                yield len(ids)

    return Step(kind, count, forget)


def _kept(at: datetime, **more: object) -> Mapping[str, object]:
    return {"zone": LEGAL_TIME.key, "today": at.astimezone(LEGAL_TIME).date(), **more}


def _in_months(at: datetime, procedure: str, months: int, states: list[str]) -> Mapping[str, object]:
    before = at - timedelta(days=28 * months)
    return _kept(at, procedure=procedure, months=months, states=states, before=before)


def _drafts(at: datetime) -> list[_Rule]:
    return [
        _Rule("draft", _DRAFTS, _kept(at, procedure=name, days=kept.drafts_days, told_days=kept.told_days))
        for name, found in PROCEDURES.items()
        if (kept := found.retention) is not None and kept.drafts_days is not None
    ]


def _dossiers(at: datetime) -> list[_Rule]:
    found: list[_Rule] = []
    for name, procedure in PROCEDURES.items():
        kept = procedure.retention
        if kept is None or kept.decided_months is None or kept.closed_months is None:
            continue
        decided = _in_months(at, name, kept.decided_months, ["accepte", "refuse"])
        silent = _in_months(at, name, kept.decided_months, ["en_construction", "en_instruction"])
        closed = _in_months(at, name, kept.closed_months, ["sans_suite"])
        found += [_Rule("decided", _DECIDED, decided), _Rule("silent", _SILENT, silent)]
        found.append(_Rule("closed", _DECIDED, closed))
    return found


def _messages(at: datetime) -> list[_Rule]:
    return [
        _Rule("messages", _MESSAGES, _in_months(at, name, kept.messages_months, []))
        for name, found in PROCEDURES.items()
        if (kept := found.retention) is not None and kept.messages_months is not None
    ]


def _slots(at: datetime) -> list[_Rule]:
    return [
        _Rule("appointments", _SLOTS, _kept(at, procedure=name, days=kept.appointments_days))
        for name, found in PROCEDURES.items()
        if (kept := found.retention) is not None and kept.appointments_days is not None
    ]


async def _forget_dossiers(connection: Connection, ids: list[UUID], rule: str, at: datetime) -> None:
    await forgetting.dossiers(connection, ids, rule, at)


async def _forget_messages(connection: Connection, ids: list[UUID], _rule: str, _at: datetime) -> None:
    await connection.execute("DELETE FROM message WHERE dossier_id = ANY(%(ids)s)", {"ids": ids})
    await connection.execute("UPDATE dossier SET messages = 0 WHERE id = ANY(%(ids)s)", {"ids": ids})


async def _forget_slots(connection: Connection, ids: list[UUID], _rule: str, _at: datetime) -> None:
    """A slot goes with its appointments, so that seats counted stay seats held."""
    await connection.execute("DELETE FROM rendez_vous WHERE creneau_id = ANY(%(ids)s)", {"ids": ids})
    await connection.execute("DELETE FROM creneau WHERE id = ANY(%(ids)s)", {"ids": ids})


def _empty_since(at: datetime) -> Mapping[str, object]:
    return {"before": at - timedelta(days=EMPTY_ACCOUNTS_KEPT_D)}


async def _due_accounts(connection: Connection, at: datetime) -> AsyncIterator[int]:
    yield await _number(connection, _COUNTED.format(due=sql.SQL(_ACCOUNTS)), _empty_since(at))


async def _forget_accounts(connection: Connection, at: datetime) -> AsyncIterator[int]:
    query = sql.SQL("{due} AND a.id = ANY(%(window)s) FOR UPDATE OF a SKIP LOCKED").format(due=sql.SQL(_ACCOUNTS))
    after = UUID(int=0)
    while window := await _window(connection, after):
        after = window[-1]
        async with connection.transaction():
            values = {**_empty_since(at), "window": window}
            ids = [row[0] for row in await (await connection.execute(query, values)).fetchall()]
            if ids:
                await forgetting.accounts(connection, ids)
        yield len(ids)


async def _window(connection: Connection, after: UUID) -> list[UUID]:
    """The next accounts, empty or not, so that no statement looks at them all."""
    query = "SELECT id FROM account WHERE id > %(after)s ORDER BY id LIMIT %(rows)s"
    return [row[0] for row in await (await connection.execute(query, {"after": after, "rows": ROWS})).fetchall()]


async def _number(connection: Connection, query: sql.Composed, values: Mapping[str, object]) -> int:
    row = await (await connection.execute(query, values)).fetchone()
    assert row is not None  # nosec B101 (a count has a row)
    return int(row[0])
