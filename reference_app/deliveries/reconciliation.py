"""Comparing the books: what the finance system took on a day against what this service delivered that day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from reference_app.database import Connection, Pool
from reference_app.deliveries import repository
from reference_app.deliveries.delivery import Delivery
from reference_app.deliveries.wire import Entry
from reference_app.errors import N_

if TYPE_CHECKING:  # pages show what was found: no process that serves people loads what calls the other side
    from reference_app.deliveries.finance import Finance

Kind = Literal["missing_there", "unknown_here", "amounts_differ", "entered_twice"]

LABELS: Mapping[Kind, str] = {
    "missing_there": N_("Delivered, and not in their books"),
    "unknown_here": N_("In their books, and not delivered as far as we know"),
    "amounts_differ": N_("Two different amounts"),
    "entered_twice": N_("More than once in their books"),
}

_KEEP = """
    INSERT INTO reconciliation (day, compared_at, compared, differences)
    VALUES (%(day)s, %(at)s, %(compared)s, %(differences)s)
    ON CONFLICT (day) DO UPDATE SET compared_at = excluded.compared_at, compared = excluded.compared,
        differences = excluded.differences"""
_LAST = "SELECT day, compared_at, compared, differences FROM reconciliation ORDER BY day DESC LIMIT %(limit)s"


@dataclass(frozen=True, slots=True)
class Difference:
    """One reference on which the books disagree; amounts in euros, None where there is none."""

    kind: Kind
    reference: str
    ours: str | None
    theirs: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A day compared: how many references in all, and where the books disagree."""

    day: date
    compared_at: datetime
    compared: int
    differences: list[Difference]

    def __post_init__(self) -> None:
        found = [d if isinstance(d, Difference) else Difference(**d) for d in self.differences]
        object.__setattr__(self, "differences", found)


async def reconcile(pool: Pool, finance: Finance, day: date, at: datetime) -> Reconciliation:
    """Compare ``day`` and keep what was found. No connection is held while the finance system lists it.

    Raises:
        DeliveryError: the finance system does not give its list; nothing is kept, since nothing was compared.
    """
    theirs = await finance.day(day)
    async with pool.connection() as connection:
        ours = await repository.of_day(connection, day)
        known = await repository.of_references(connection, sorted({entry.reference for entry in theirs}))
        found = compare(ours, known, theirs)
        compared = len({d.reference for d in ours} | {e.reference for e in theirs})
        done = Reconciliation(day=day, compared_at=at, compared=compared, differences=found)
        values = {"day": day, "at": at, "compared": compared, "differences": Jsonb([asdict(d) for d in found])}
        await connection.execute(_KEEP, values)
    return done


def compare(ours: Iterable[Delivery], known: Iterable[Delivery], theirs: Iterable[Entry]) -> list[Difference]:
    """Where the books disagree, by reference.

    ``ours`` are the deliveries taken that day as we know it, ``known`` those we have of the references listed, of
    whatever day: one whose answer was lost at midnight is not "unknown here" when we hold it as delivered.
    """
    entries = list(theirs)
    times = Counter(entry.reference for entry in entries)
    listed = {entry.reference: entry for entry in entries}
    delivered = {d.reference: d for d in known if d.accepted_on is not None}
    found = [Difference("missing_there", d.reference, str(d.amount), None) for d in ours if d.reference not in listed]
    for reference, entry in listed.items():
        amount = _euros(entry.amount)
        mine = delivered.get(reference)
        if mine is None:
            found.append(Difference("unknown_here", reference, None, amount))
        elif entry.amount != mine.amount:
            found.append(Difference("amounts_differ", reference, str(mine.amount), amount))
        if times[reference] > 1:
            found.append(Difference("entered_twice", reference, None if mine is None else str(mine.amount), amount))
    return sorted(found, key=lambda d: (d.reference, d.kind))


async def last(connection: Connection, limit: int) -> list[Reconciliation]:
    """The days compared last, newest first."""
    async with connection.cursor(row_factory=class_row(Reconciliation)) as cursor:
        await cursor.execute(_LAST, {"limit": limit})
        return await cursor.fetchall()


def _euros(amount: Decimal) -> str:
    return str(int(amount)) if amount == int(amount) else f"{amount:.2f}"
