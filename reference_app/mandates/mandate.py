"""A mandate: what a person who is present lets an agent do for them, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, LiteralString
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict, Field

from reference_app.database import Connection
from reference_app.dossiers import repository
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import Line
from reference_app.errors import N_, Conflict, FieldError, Invalid, NotFound
from reference_app.mandates import codes
from reference_app.procedure import FILED

NO_SUCH_MANDATE = N_("There is no such mandate among yours.")
MOST = 100
"""Mandates shown to an agent, the newest; and dossiers of one."""


class Opening(BaseModel):
    """What is agreed with the person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Annotated[Line, Field(min_length=1, description="Name of the person, as they give it.")]
    procedure: Annotated[str, Field(description="The only procedure the mandate is for.")]
    hours: Annotated[int, Field(ge=1, le=8, description="How long it holds.")] = 1


class Continuing(BaseModel):
    """What is agreed with a person who shows the code of their dossier."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Annotated[Line, Field(min_length=1, description="Name of the person, as they give it.")]
    code: Annotated[str, Field(min_length=1, max_length=40, description="The code that their page shows.")]
    hours: Annotated[int, Field(ge=1, le=8, description="How long it holds.")] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """One mandate; with ``dossier_id`` for this dossier alone, else for those it began."""

    id: UUID
    account_id: UUID
    agent_id: UUID
    person: str
    procedure: str
    dossier_id: UUID | None
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it may be acted on at ``at``."""
        return self.ended_at is None and at < self.ends_at


_ROW = class_row(Mandate)
_COLUMNS = sql.SQL("id, account_id, agent_id, person, procedure, dossier_id, opened_at, ends_at, ended_at")
_ACCOUNT = "INSERT INTO account (provider, subject) VALUES ('counter', %(subject)s) RETURNING id"


def _statement(text: LiteralString) -> bytes:
    return sql.SQL(text).format(columns=_COLUMNS).as_bytes()


_OPEN = _statement("""
    INSERT INTO mandat (account_id, agent_id, person, procedure, dossier_id, opened_at, ends_at)
    VALUES (%(account)s, %(agent)s, %(person)s, %(procedure)s, %(dossier)s, %(at)s, %(ends_at)s)
    RETURNING {columns}""")
_OF_AGENT = _statement("SELECT {columns} FROM mandat WHERE agent_id = %(agent)s ORDER BY id DESC LIMIT %(limit)s")
_READ = _statement("SELECT {columns} FROM mandat WHERE id = %(id)s AND agent_id = %(agent)s")
_AT_COUNTER = "SELECT provider = 'counter' FROM account WHERE id = %(account)s"
_END = "UPDATE mandat SET ended_at = %(at)s WHERE id = %(id)s AND agent_id = %(agent)s AND ended_at IS NULL"


async def open_(connection: Connection, agent: UUID, opening: Opening, at: datetime) -> Mandate:
    """A mandate of a person without an account online, in which dossiers are begun. Raises Invalid."""
    if opening.procedure not in FILED:
        raise Invalid({"procedure": FieldError(N_("Choose one of the answers offered."))})
    async with connection.transaction():
        made = await (await connection.execute(_ACCOUNT, {"subject": str(uuid4())})).fetchone()
        assert made is not None  # nosec B101 (states an invariant to the reader and to the type checker)
        return await _opened(connection, agent, made[0], opening.person, opening.procedure, None, at, opening.hours)


async def go_on(connection: Connection, agent: UUID, continuing: Continuing, at: datetime) -> Mandate:
    """A mandate for the one dossier whose code the person shows, which is then used up. Raises Invalid."""
    async with connection.transaction():
        dossier = await codes.use(connection, continuing.code, at)
        return await _opened(
            connection,
            agent,
            dossier.account_id,
            continuing.person,
            dossier.procedure,
            dossier.id,
            at,
            continuing.hours,
        )


async def of_agent(connection: Connection, agent: UUID) -> list[Mandate]:
    """The mandates an agent opened, newest first."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_OF_AGENT, {"agent": agent, "limit": MOST})
        return await cursor.fetchall()


async def read(connection: Connection, agent: UUID, mandate: UUID) -> Mandate:
    """A mandate that ``agent`` opened. Raises NotFound, for another's too."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_READ, {"id": mandate, "agent": agent})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(NO_SUCH_MANDATE)
    return found


async def holding(connection: Connection, agent: UUID, mandate: UUID, at: datetime) -> Mandate:
    """A mandate that ``agent`` may act on now.

    Raises:
        NotFound: it is another's, or none.
        Conflict: it has ended.
    """
    found = await read(connection, agent, mandate)
    if not found.holds(at):
        raise Conflict(N_("This mandate has ended. Open another one with the person present."))
    return found


async def at_counter(connection: Connection, mandate: Mandate) -> bool:
    """Whether the person of ``mandate`` is known at the counter only, and can sign in nowhere."""
    row = await (await connection.execute(_AT_COUNTER, {"account": mandate.account_id})).fetchone()
    return row is not None and bool(row[0])


async def end(connection: Connection, agent: UUID, mandate: UUID, at: datetime) -> None:
    """End a mandate; repeating it changes nothing. Raises NotFound."""
    await read(connection, agent, mandate)
    await connection.execute(_END, {"id": mandate, "agent": agent, "at": at})


async def dossiers(connection: Connection, mandate: Mandate) -> list[Dossier]:
    """What the mandate is about: one dossier, or those begun in it."""
    if mandate.dossier_id is None:
        return await repository.list_of_account(connection, mandate.account_id, None, MOST)
    found = await repository.of_account(connection, mandate.account_id, mandate.dossier_id)
    return [] if found is None else [found]


def require_covers(mandate: Mandate, dossier: UUID) -> None:
    """Refuse a dossier that ``mandate`` is not about. Raises NotFound."""
    if mandate.dossier_id is not None and mandate.dossier_id != dossier:
        raise NotFound(repository.NO_SUCH_DOSSIER)


def require_procedure(mandate: Mandate, procedure: str) -> None:
    """Refuse a procedure that ``mandate`` is not for. Raises NotFound."""
    if mandate.procedure != procedure:
        raise NotFound(NO_SUCH_MANDATE)


async def _opened(
    connection: Connection,
    agent: UUID,
    account: UUID,
    person: str,
    procedure: str,
    dossier: UUID | None,
    at: datetime,
    hours: int,
) -> Mandate:
    parameters = {"account": account, "agent": agent, "person": person, "procedure": procedure, "dossier": dossier}
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_OPEN, parameters | {"at": at, "ends_at": at + timedelta(hours=hours)})
        made = await cursor.fetchone()
    assert made is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    return made
