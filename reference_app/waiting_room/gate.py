"""Who may go on: those whose turn it is, agents, and everybody while there is no room."""

from __future__ import annotations

import math
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from reference_app import sessions
from reference_app.errors import N_, NotYourTurn
from reference_app.parts import parts_of
from reference_app.waiting_room import ticket as tickets
from reference_app.waiting_room.line import Line, Standing, Ticket

ASK_AGAIN = N_("Many people came at once. Keep this ticket and ask again: you keep your place in line.")
SIGN_IN = N_("Many people came at once. Sign in to take a place in line.")
SOONEST_S, LATEST_S = 5, 30
"""How often somebody in line may look, at most and at least: the nearer the turn, the more often."""


def require_turn(request: Request, procedure: str) -> None:
    """Let those pass whose turn it is at ``procedure``. Raises NotYourTurn for everybody else, with their place."""
    line = parts_of(request).door.lines.get(procedure)
    if line is None:
        return
    person = sessions.current(request)
    if person is None:
        raise NotYourTurn(SIGN_IN, procedure, LATEST_S)
    if person.role == "agent":
        return
    ticket, standing, new = stand(request, line, person.account)
    if standing.phase == "admitted":
        return
    place = None if standing.ahead is None else standing.ahead + 1
    cookie = tickets.cookie_header(parts_of(request).settings, line.room.procedure, ticket) if new else None
    raise NotYourTurn(ASK_AGAIN, procedure, look_again_s(standing), place, cookie)


def stand(request: Request, line: Line, account: UUID) -> tuple[Ticket, Standing, bool]:
    """The ticket of ``account`` and where it stands, and whether it is new: without one, or past one's turn, one goes
    to the end."""
    parts = parts_of(request)
    text = request.cookies.get(tickets.cookie_name(line.room.procedure), "")
    ticket = tickets.read(parts.settings, text, line.room.id, account)
    now = parts.door.now()
    if ticket is not None:
        standing = line.standing(ticket, now)
        if standing.phase != "lapsed":
            return ticket, standing, False
    ticket = parts.door.arrive(line, account, again=ticket is not None)
    return ticket, line.standing(ticket, now), True


def look_again_s(standing: Standing) -> int:
    """After how many seconds to look again: a tenth of the wait, within bounds."""
    return min(LATEST_S, max(SOONEST_S, math.ceil(standing.wait_s / 10)))


async def _in_turn(request: Request, procedure: str) -> None:  # async: FastAPI runs a plain function in a thread
    require_turn(request, procedure)


IN_TURN = Depends(_in_turn)
"""For the routes of a procedure that an opening makes everybody want."""
