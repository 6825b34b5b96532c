"""Writing what a source said with the draft it is for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from reference_app.database import Connection
from reference_app.dossiers.dossier import ROW, Dossier, statement
from reference_app.dossiers.draft import Answers
from reference_app.sources.described import SourceName
from reference_app.sources.said import Said

_FILL = statement("""
    UPDATE dossier SET answers = %(answers)s, known = known || %(known)s::jsonb, updated_at = now()
    WHERE id = %(id)s AND account_id = %(account)s AND state = 'brouillon' AND updated_at = %(at)s
    RETURNING {columns}""")


async def fill(
    connection: Connection, account: UUID, draft: Dossier, answers: Answers, source: SourceName, said: Said
) -> Dossier | None:
    """Keep ``answers`` and what ``source`` said with ``draft``; None when it was changed or filed since it was read."""
    unchanged_since: datetime = draft.updated_at
    parameters = {
        "id": draft.id,
        "account": account,
        "answers": Jsonb(answers),
        "known": Jsonb({source: said.model_dump(mode="json")}),
        "at": unchanged_since,
    }
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_FILL, parameters)
        return await cursor.fetchone()
