"""What the API says of places, slots and appointments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from reference_app.appointments.appointment import Appointment
from reference_app.appointments.availability import Day, Place, Slot
from reference_app.appointments.states import State


class PlaceOut(BaseModel):
    """A place."""

    id: UUID
    name: str
    address: str
    open: bool = Field(description="Whether a seat is free there.")

    @classmethod
    def of(cls, place: Place) -> Self:
        """From a row."""
        return cls(id=place.id, name=place.name, address=place.address, open=place.open)


class DayOut(BaseModel):
    """A day on which slots are open."""

    day: date
    free: int = Field(description="Seats left.")

    @classmethod
    def of(cls, day: Day) -> Self:
        """From a row."""
        return cls(day=day.day, free=day.free)


class SlotOut(BaseModel):
    """A slot that may be booked unless it is full."""

    id: UUID
    starts_at: datetime
    minutes: int
    free: int = Field(description="Seats left; may be gone by the time one books.")

    @classmethod
    def of(cls, slot: Slot) -> Self:
        """From a row."""
        return cls(id=slot.id, starts_at=slot.starts_at, minutes=slot.minutes, free=slot.free)


class AppointmentOut(BaseModel):
    """An appointment as the person who booked it reads it."""

    id: UUID
    reference: str = Field(description="What one says at the desk.", examples=["RV-00000042"])
    state: State
    procedure: str
    name: str
    note: str | None
    booked_at: datetime
    creneau: UUID
    starts_at: datetime
    minutes: int
    lieu: UUID
    place: str
    address: str

    @classmethod
    def of(cls, appointment: Appointment) -> Self:
        """From a row."""
        return cls(**{name: getattr(appointment, name) for name in cls.model_fields})


class ExpectedOut(BaseModel):
    """A part of a day's list, and where the next one starts."""

    items: list[AppointmentOut]
    next: datetime | None = Field(description="Value of `since` for the next part; null at the end.")
