"""Exports: the dossiers of an agent's groups as one file, written by a job, for that agent alone, for a day.

Whatever their number, they are read through a cursor of one snapshot and sent on as they come: neither the worker nor
the database ever holds them all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from obstore.store import ObjectStore
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError

from reference_app import storage
from reference_app.database import Connection, Pool
from reference_app.dossiers.dossier import ROW
from reference_app.dossiers.draft import Optional
from reference_app.dossiers.states import QUEUE, State
from reference_app.errors import N_, Conflict, NotFound
from reference_app.groups import GROUPS
from reference_app.instruction import journal
from reference_app.instruction.reach import reach, reaching
from reference_app.instruction.table import csv_lines, json_lines
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage
from reference_app.language import Language
from reference_app.parts import Parts
from reference_app.procedure import FILED

TASK = "instruction:export"
KEPT = timedelta(days=1)
FORGOTTEN = timedelta(days=30)
"""When the line that there was an export goes too; the journal keeps that it was asked for."""
MOST_WAITING = 3
MOST = 20
AT_ONCE = 500
"""Rows the cursor brings at a time, and after which progress is told."""
READING_MS = 3_600_000

NO_SUCH_EXPORT = N_("There is no such export among yours, or its day is over.")


class Format(StrEnum):
    """What the file is."""

    CSV = "csv"
    JSONL = "jsonl"


def _one_of(known: Mapping[str, object]) -> AfterValidator:
    """What takes the name of one that exists: of any other there is nothing to export."""

    def check(value: str) -> str:
        if value not in known:
            raise PydanticCustomError("literal_error", "no such name")
        return value

    return AfterValidator(check)


class Wanted(BaseModel):
    """What is exported; without a state every one of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format = Format.CSV
    state: Annotated[State | None, Optional] = None
    group: Annotated[Annotated[str, Field(max_length=120), _one_of(GROUPS)] | None, Optional] = None
    procedure: Annotated[Annotated[str, Field(max_length=120), _one_of(FILED)] | None, Optional] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export; ``done_at`` is None while it is being written."""

    id: UUID
    agent_id: UUID
    format: Format
    filters: dict[str, str]
    language: Language
    asked_at: datetime
    written: int
    done_at: datetime | None
    bytes: int | None

    def there(self, at: datetime) -> bool:
        """Whether its file can be fetched at ``at``."""
        return self.done_at is not None and at < self.done_at + KEPT


_ROW = class_row(Export)
_MAKE = """
    INSERT INTO export (id, agent_id, format, filters, language, asked_at)
    VALUES (%(id)s, %(agent)s, %(format)s, %(filters)s, %(language)s, %(at)s) ON CONFLICT (id) DO NOTHING"""
_WAITING = """
    SELECT count(*) FROM (SELECT FROM export WHERE agent_id = %(agent)s AND done_at IS NULL AND asked_at > %(since)s
                          LIMIT %(most)s) AS e"""
_OF_AGENT = """
    SELECT id, agent_id, format, filters, language, asked_at, written, done_at, bytes FROM export
    WHERE agent_id = %(agent)s ORDER BY asked_at DESC, id LIMIT %(most)s"""
_READ = """
    SELECT id, agent_id, format, filters, language, asked_at, written, done_at, bytes FROM export
    WHERE id = %(id)s AND agent_id = %(agent)s"""
_TO_WRITE = """
    SELECT id, agent_id, format, filters, language, asked_at, written, done_at, bytes FROM export
    WHERE id = %(id)s AND done_at IS NULL"""
_PROGRESS = "UPDATE export SET written = %(written)s WHERE id = %(id)s AND done_at IS NULL"
_DONE = "UPDATE export SET written = %(written)s, bytes = %(bytes)s, done_at = %(at)s WHERE id = %(id)s"
_FORGET = "DELETE FROM export WHERE asked_at < %(before)s"

_ALL = reaching("""
    SELECT {columns} FROM dossier WHERE {reached} AND state <> 'brouillon' AND state = ANY (%(states)s)
    ORDER BY groupe, state, filed_at, id""")


async def ask(
    connection: Connection, agent: UUID, identifier: UUID, wanted: Wanted, language: Language, at: datetime
) -> Export:
    """Have an export written; the same one asked for again is the one there is.

    Raises:
        Conflict: enough of this agent's are being written.
    """
    filters = {k: v for k, v in wanted.model_dump(mode="json", exclude={"format"}).items() if v is not None}
    values = {"id": identifier, "agent": agent, "format": wanted.format, "language": language, "at": at}
    async with connection.transaction():
        if (await connection.execute(_MAKE, values | {"filters": Jsonb(filters)})).rowcount == 1:
            counted = {"agent": agent, "since": at - KEPT, "most": MOST_WAITING + 1}
            waiting = await (await connection.execute(_WAITING, counted)).fetchone()
            if waiting is not None and waiting[0] > MOST_WAITING:
                raise Conflict(N_("Three of your exports are being written. Wait for one of them first."))
            about: dict[str, JsonValue] = {"export": str(identifier), "format": wanted.format.value, **filters}
            await journal.add(connection, "export.asked", by=agent, at=at, about=about)
            await stage(connection, TASK, {"export": str(identifier)}, queue=Queue.HOURS)
    return await read(connection, agent, identifier)


async def of_agent(connection: Connection, agent: UUID) -> list[Export]:
    """The exports an agent asked for, newest first."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_OF_AGENT, {"agent": agent, "most": MOST})
        return await cursor.fetchall()


async def read(connection: Connection, agent: UUID, export: UUID) -> Export:
    """An export of ``agent``. Raises NotFound, for another's too."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_READ, {"id": export, "agent": agent})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(NO_SUCH_EXPORT)
    return found


async def fetch(connection: Connection, agent: UUID, export: UUID, at: datetime) -> Export:
    """An export whose file ``agent`` may have now; that it was fetched stands in the journal. Raises NotFound."""
    found = await read(connection, agent, export)
    if not found.there(at):
        raise NotFound(NO_SUCH_EXPORT)
    await journal.add(connection, "export.fetched", by=agent, at=at, about={"export": str(export)})
    return found


async def write(parts: Parts, store: ObjectStore, identifier: UUID) -> None:
    """Write an export that waits; written twice, it is the same file."""
    async with parts.pool.connection() as connection:
        async with connection.cursor(row_factory=_ROW) as cursor:
            await cursor.execute(_TO_WRITE, {"id": identifier})
            export = await cursor.fetchone()
        if export is None:
            return
        written = Written()
        await storage.write(store, key_of(identifier), _chunks(parts, connection, export, written))
        values = {"id": identifier, "written": written.rows, "bytes": written.bytes, "at": parts.clock()}
        await connection.execute(_DONE, values)


async def forget(parts: Parts, store: ObjectStore) -> None:
    """Delete the files whose day is over, and the lines of exports long gone."""
    at = parts.clock()
    async for keys in storage.older(store, PREFIX, at - KEPT):
        for key in keys:
            await storage.delete(store, key)
    async with parts.pool.connection() as connection:
        await connection.execute(_FORGET, {"before": at - FORGOTTEN})


PREFIX = "exports"


def key_of(export: UUID) -> str:
    """Where the file of an export is kept."""
    return f"{PREFIX}/{export}"


@dataclass(slots=True)
class Written:
    """How much of a file is written."""

    rows: int = 0
    bytes: int = 0


async def _chunks(parts: Parts, connection: Connection, export: Export, written: Written) -> AsyncIterator[bytes]:
    """The file, some hundred rows at a time."""
    group, procedure = export.filters.get("group"), export.filters.get("procedure")
    procedures = {g.procedure for g in GROUPS.values() if group in (None, g.id) and procedure in (None, g.procedure)}
    match Format(export.format):
        case Format.CSV:
            lines = csv_lines(procedures, export.language, parts.catalogues[export.language].gettext)
        case Format.JSONL:
            lines = json_lines()
    states = [export.filters["state"]] if "state" in export.filters else list(QUEUE)
    values = reach(export.agent_id, group, procedure) | {"states": [str(state) for state in states]}
    yield _counted(lines(None), written)
    async with connection.transaction(), connection.cursor(name="export", row_factory=ROW) as cursor:
        # One snapshot, read for as long as the storage takes what is sent there.
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            await connection.execute("SELECT set_config(%(name)s, %(ms)s, true)", {"name": name, "ms": str(READING_MS)})
        await cursor.execute(_ALL, values)
        while some := await cursor.fetchmany(AT_ONCE):
            yield _counted(lines(some), written)
            written.rows += len(some)
            await _tell(parts.pool, export.id, written.rows)


def _counted(chunk: bytes, written: Written) -> bytes:
    written.bytes += len(chunk)
    return chunk


async def _tell(pool: Pool, export: UUID, rows: int) -> None:
    """Progress, on a connection of its own: the one that reads is in its transaction."""
    async with pool.connection() as connection:
        await connection.execute(_PROGRESS, {"id": export, "written": rows})
