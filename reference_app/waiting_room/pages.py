"""The page on which one waits: it shows the place and looks again by itself, without a script."""

from __future__ import annotations

import math

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app import sessions
from reference_app.appointments.availability import by_appointment
from reference_app.pages import page, see_other
from reference_app.parts import Given
from reference_app.waiting_room import ticket as tickets
from reference_app.waiting_room.gate import look_again_s, stand

router = APIRouter(include_in_schema=False)


@router.get("/salle-attente/{procedure}")
async def wait(request: Request, parts: Given, procedure: str, still: bool = False) -> Response:
    """Where one stands in line; ``still`` keeps the page from looking again by itself."""
    known = by_appointment(procedure)
    line = parts.door.lines.get(procedure)
    person = sessions.current(request)
    onward = f"/procedures/{procedure}"
    if line is None or (person is not None and person.role == "agent"):
        return see_other(onward)
    if person is None:
        return page(request, "waiting.html", procedure=known, room=line.room, standing=None, still=True, again=0)
    ticket, standing, new = stand(request, line, person.account)
    if standing.phase == "admitted":
        return see_other(onward)
    again = look_again_s(standing)
    response = page(
        request,
        "waiting.html",
        procedure=known,
        room=line.room,
        standing=standing,
        waiting=max(1, line.waiting()),  # whoever reads this is one
        minutes=math.ceil(standing.wait_s / 60),
        still=still,
        again=again,
    )
    if not still:
        response.headers["Refresh"] = str(again)
    if new:
        response.headers.append("Set-Cookie", tickets.cookie_header(parts.settings, procedure, ticket))
    return response
