"""Opening places and slots: what agents prepare before anybody can book."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Self
from uuid import UUID

from psycopg.rows import scalar_row
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from reference_app.appointments.availability import by_appointment, place
from reference_app.appointments.days import Day, starts
from reference_app.database import Connection
from reference_app.dossiers.draft import Line

MOST_SEATS = 200

_ADD = """
    INSERT INTO lieu (name, address) VALUES (%(name)s, %(address)s)
    ON CONFLICT (name) DO UPDATE SET address = excluded.address RETURNING id"""

_OPEN = """
    INSERT INTO creneau (procedure, lieu_id, starts_at, minutes, capacity)
    SELECT %(procedure)s, %(lieu)s, starts_at, %(minutes)s, %(capacity)s FROM unnest(%(starts)s) AS starts_at
    ON CONFLICT (procedure, lieu_id, starts_at) DO NOTHING"""


def whole(low: int, high: int) -> BeforeValidator:
    """What takes a whole number from ``low`` to ``high``, typed or not."""

    def check(value: object) -> int:
        text = str(value).strip()
        if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and len(text) <= len(str(high))):
            raise PydanticCustomError("whole_number", "not a whole number", {"low": low, "high": high})
        if not low <= int(text) <= high:
            raise PydanticCustomError("whole_number", "out of range", {"low": low, "high": high})
        return int(text)

    return BeforeValidator(check, json_schema_input_type=Annotated[int, Field(ge=low, le=high)])


def _trimmed(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Filled = Annotated[Line, Field(min_length=1), BeforeValidator(_trimmed)]


class NewPlace(BaseModel):
    """A place; the same name again changes its address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Filled
    address: Filled


class Opening(BaseModel):
    """Slots of one day: every so many minutes from a beginning to an end, legal time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    procedure: str
    lieu: UUID
    day: Day
    begin: time
    end: time
    minutes: Annotated[int, whole(5, 240)] = Field(description="Length of a slot.")
    capacity: Annotated[int, whole(1, MOST_SEATS)] = Field(description="Seats of a slot.")

    @model_validator(mode="after")
    def _some_slot(self) -> Self:
        if not starts(self.day, self.begin, self.end, self.minutes):
            raise PydanticCustomError("before_the_beginning", "no slot fits")
        return self


async def add_place(connection: Connection, wanted: NewPlace) -> UUID:
    """The place of this name, made when there is none."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_ADD, wanted.model_dump())
        found = await cursor.fetchone()
    assert isinstance(found, UUID)  # nosec B101 (states an invariant to the reader and to the type checker)
    return found


async def open_slots(connection: Connection, wanted: Opening) -> int:
    """Open the slots that do not exist yet; those that do are left as they are. Returns how many were opened.

    Raises:
        NotFound: no procedure of this name takes appointments, or there is no such place.
    """
    by_appointment(wanted.procedure)
    await place(connection, wanted.lieu)
    parameters = {**wanted.model_dump(), "starts": starts(wanted.day, wanted.begin, wanted.end, wanted.minutes)}
    return (await connection.execute(_OPEN, parameters)).rowcount
