"""What a person known only at the counter asks about themselves, done by an agent while they are present.

Nobody can sign in to an account of the counter, so the mandate stands for the person (docs/decisions/0226). What is
done is in the journal, and in the log of every dossier that was filed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from reference_app.database import Connection
from reference_app.dossiers.dossier import ROW, statement
from reference_app.dossiers.operations import amend
from reference_app.errors import N_, Conflict
from reference_app.instruction import journal
from reference_app.mandates import mandate as mandates
from reference_app.mandates.mandate import Mandate
from reference_app.rights import erasure
from reference_app.rights.erasure import Erasure

ONLINE = N_("This person has an account online: what is held about them is there, under “My data”, for them alone.")

_FILED = statement("""
    SELECT {columns} FROM dossier WHERE account_id = %(account)s AND state <> 'brouillon' ORDER BY id FOR UPDATE""")
_END = "UPDATE mandat SET ended_at = %(at)s WHERE account_id = %(account)s AND ended_at IS NULL AND ends_at > %(at)s"


async def holding(connection: Connection, agent: UUID, mandate: UUID, at: datetime) -> Mandate:
    """A mandate of ``agent`` that holds, and whose person is known at the counter only.

    Raises:
        NotFound: it is another's, or none.
        Conflict: it has ended, or the person has an account online.
    """
    found = await mandates.holding(connection, agent, mandate, at)
    if not await mandates.at_counter(connection, found):
        raise Conflict(ONLINE)
    return found


async def hand_over(connection: Connection, agent: UUID, mandate: UUID, at: datetime) -> UUID:
    """Write down that the person is handed a copy of all that is held about them; the account to copy.

    Raises:
        NotFound, Conflict: as :func:`holding`.
    """
    async with connection.transaction():
        found = await holding(connection, agent, mandate, at)
        await _write_down(connection, found, "copy.handed_over", at, {})
    return found.account_id


async def erase(connection: Connection, agent: UUID, mandate: UUID, at: datetime) -> Erasure:
    """Delete what may go of the person, as they would online; with the account gone, its mandates end.

    A mandate stays for its time as the proof of who asked (:data:`reference_app.rights.steps.MANDATES_KEPT_D`).

    Raises:
        NotFound, Conflict: as :func:`holding`.
    """
    async with connection.transaction():
        found = await holding(connection, agent, mandate, at)
        done = await erasure.erase(connection, found.account_id, at)
        about: dict[str, JsonValue] = {"drafts": done.drafts, "appointments": done.appointments, "kept": done.kept}
        await _write_down(connection, found, "erasure.asked", at, about)
        if done.account:
            await connection.execute(_END, {"account": found.account_id, "at": at})
    return done


async def _write_down(
    connection: Connection, mandate: Mandate, did: str, at: datetime, about: Mapping[str, JsonValue]
) -> None:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_FILED, {"account": mandate.account_id})
        filed = await cursor.fetchall()
    for dossier in filed:
        await amend(connection, dossier, by=mandate.agent_id, at=at, did=did)
    await journal.add(connection, did, by=mandate.agent_id, at=at, about={"mandat": str(mandate.id), **about})
