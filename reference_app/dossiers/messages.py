"""Messages between the author of a filed dossier and the agents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict, Field

from reference_app.database import Connection
from reference_app.dossiers.draft import Prose

MOST = 200
"""Messages shown of one dossier, the newest."""


class Written(BaseModel):
    """What somebody writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[Prose, Field(min_length=1, description="What is said.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; the name of an agent is not told."""

    id: UUID
    from_agent: bool
    text: str
    at: datetime


_ROW = class_row(Message)
_OF_DOSSIER = """
    SELECT id, from_agent, text, at FROM message WHERE dossier_id = %(id)s ORDER BY id DESC LIMIT %(most)s"""
_ADD = """
    WITH counted AS (UPDATE dossier SET messages = messages + 1 WHERE id = %(dossier)s)
    INSERT INTO message (dossier_id, account_id, from_agent, text, at)
    VALUES (%(dossier)s, %(account)s, %(from_agent)s, %(text)s, %(at)s) RETURNING id, from_agent, text, at"""


async def of_dossier(connection: Connection, dossier: UUID) -> list[Message]:
    """The newest messages about a dossier, oldest first."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_OF_DOSSIER, {"id": dossier, "most": MOST})
        return (await cursor.fetchall())[::-1]


async def add(
    connection: Connection, dossier: UUID, account: UUID, written: Written, at: datetime, *, from_agent: bool
) -> Message:
    """Keep a message about a filed dossier that ``account`` may read."""
    parameters = {"dossier": dossier, "account": account, "text": written.text, "at": at, "from_agent": from_agent}
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_ADD, parameters)
        added = await cursor.fetchone()
    assert added is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    return added
