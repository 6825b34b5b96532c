"""Where news of a person goes, and in which language: chosen by the person, never what they are known by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict

from reference_app.database import Connection
from reference_app.dossiers.draft import Email, Optional
from reference_app.language import Language


class Chosen(BaseModel):
    """What a person chooses; no address means no mail, but for a dossier that names one of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Annotated[Email | None, Optional] = None
    language: Literal["fr", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """Where news goes."""

    email: str | None
    language: Language


_READ = "SELECT email, language FROM correspondence WHERE account_id = %(account)s"
_CHOOSE = """
    INSERT INTO correspondence (account_id, email, language, updated_at)
    VALUES (%(account)s, %(email)s, %(language)s, %(at)s)
    ON CONFLICT (account_id) DO UPDATE
    SET email = excluded.email, language = excluded.language, updated_at = excluded.updated_at"""
_FIRST = """
    INSERT INTO correspondence (account_id, email, language, updated_at)
    VALUES (%(account)s, %(email)s, %(language)s, %(at)s) ON CONFLICT DO NOTHING"""


async def read(connection: Connection, account: UUID) -> Correspondence | None:
    """What ``account`` chose, or what was taken from its first sign-in; None before that."""
    async with connection.cursor(row_factory=class_row(Correspondence)) as cursor:
        await cursor.execute(_READ, {"account": account})
        return await cursor.fetchone()


async def choose(connection: Connection, account: UUID, chosen: Chosen, at: datetime) -> None:
    """Keep what ``account`` chose."""
    await connection.execute(_CHOOSE, {"account": account, **chosen.model_dump(), "at": at})


async def begin(connection: Connection, account: UUID, email: str, language: Language, at: datetime) -> None:
    """At a sign-in, begin with what the identity provider says, unless the person was here before."""
    if await read(connection, account) is None:
        known = Chosen.model_validate({"email": email, "language": language})
        await connection.execute(_FIRST, {"account": account, **known.model_dump(), "at": at})
