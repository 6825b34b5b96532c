"""Places and slots opened in one go, so that a load test finds what to book without an agent having worked before."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from reference_app.appointments.days import day_of
from reference_app.appointments.opening import NewPlace, Opening, add_place, open_slots
from reference_app.database import Connection
from reference_app.procedure import BY_APPOINTMENT

PLACES = 12
DAYS = 7
_BEGIN, _END, _MINUTES = time(8), time(18), 10


async def prepare(connection: Connection, seats: int, at: datetime) -> int:
    """Open slots of ``seats`` at a few places on the days that follow ``at``, for every procedure by appointment.

    Those that exist are left as they are. Returns how many were opened.
    """
    opened = 0
    for number in range(1, PLACES + 1):
        place = await add_place(connection, NewPlace(name=f"Lieu fictif {number:02d}", address="1 rue des Essais"))
        for procedure in BY_APPOINTMENT:
            for day in range(1, DAYS + 1):
                wanted = Opening(
                    procedure=procedure,
                    lieu=place,
                    day=day_of(at) + timedelta(days=day),
                    begin=_BEGIN,
                    end=_END,
                    minutes=_MINUTES,
                    capacity=seats,
                )
                opened += await open_slots(connection, wanted)
    return opened
