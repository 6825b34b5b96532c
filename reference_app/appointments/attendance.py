"""The agents' side: who is expected on a day, who came, who did not, and appointments the service calls off."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from reference_app.appointments.appointment import ROW, Appointment, statement
from reference_app.appointments.booking import RELEASE
from reference_app.appointments.days import bounds, day_of
from reference_app.appointments.states import RELEASED, State, require
from reference_app.database import Connection
from reference_app.errors import N_, Conflict, NotFound
from reference_app.procedure import Procedure

MOST_LINES = 500
"""Lines of a list; more than the seats of one slot, so that every part of a long day moves on."""

_EXPECTED = statement("""
    SELECT {columns} FROM creneau c JOIN rendez_vous r ON r.creneau_id = c.id JOIN lieu l ON l.id = c.lieu_id
    WHERE c.procedure = %(procedure)s AND c.lieu_id = %(lieu)s
      AND c.starts_at >= %(since)s AND c.starts_at < %(until)s
    ORDER BY c.starts_at LIMIT %(limit)s""")

_LOCK = statement("""
    SELECT {columns} FROM rendez_vous r JOIN creneau c ON c.id = r.creneau_id JOIN lieu l ON l.id = c.lieu_id
    WHERE r.id = %(id)s FOR UPDATE OF r""")

_MARK = """
    UPDATE rendez_vous SET state = %(state)s, agent_id = %(agent)s, updated_at = %(at)s WHERE id = %(id)s"""


class Mark(BaseModel):
    """What an agent says of an appointment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Literal[State.SEEN, State.NOSHOW, State.REVOKED]


async def expected(
    connection: Connection, procedure: Procedure, lieu: UUID, day: date, since: datetime | None
) -> tuple[list[Appointment], datetime | None]:
    """Appointments of ``day`` at a place by their time, cancelled ones too, from ``since`` on; and where to go on."""
    first, until = bounds(day)
    async with connection.cursor(row_factory=ROW) as cursor:
        parameters = {
            "procedure": procedure.id,
            "lieu": lieu,
            "since": first if since is None else max(first, since),
            "until": until,
            "limit": MOST_LINES + 1,
        }
        await cursor.execute(_EXPECTED, parameters)
        found = await cursor.fetchall()
    following = None
    if len(found) > MOST_LINES and found[0].starts_at < found[-1].starts_at:
        following = found[-1].starts_at  # the last slot may be cut: it opens the next part, whole
        found = [line for line in found if line.starts_at < following]
    return sorted(found, key=lambda line: (line.starts_at, line.number)), following


async def mark(connection: Connection, agent: UUID, appointment: UUID, mark: Mark, at: datetime) -> Appointment:
    """Say that the person came, did not come, or that the service calls the appointment off. Repeating changes nothing.

    Raises:
        NotFound: there is no such appointment.
        Conflict: it was cancelled, or its day (to be seen) or hour (not to come) is still ahead.
    """
    async with connection.transaction():
        found = await _locked(connection, appointment)
        if found.state is mark.state:
            return found
        require(found.state, mark.state)
        _require_time(found, mark.state, at)
        if mark.state in RELEASED:
            await connection.execute(RELEASE, {"creneau": found.creneau})
        await connection.execute(_MARK, {"id": appointment, "state": mark.state, "agent": agent, "at": at})
        return await _locked(connection, appointment)


def _require_time(appointment: Appointment, state: State, at: datetime) -> None:
    early = {
        State.SEEN: day_of(appointment.starts_at) > day_of(at),  # people come before their hour
        State.NOSHOW: appointment.starts_at > at,
    }
    if early.get(state, False):
        raise Conflict(N_("It is too early to say whether this person came."))


async def _locked(connection: Connection, appointment: UUID) -> Appointment:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_LOCK, {"id": appointment})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(N_("There is no such appointment."))
    return found
