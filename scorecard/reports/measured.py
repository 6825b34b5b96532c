"""The measurements behind the plots, read from the tables of the evidence; a table that is not there is None."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scorecard.evidence import Fact, Table
from scorecard.scorecard import Scorecard

Cell = float | int | str | None


@dataclass(frozen=True)
class LoadStep:
    """One step of the load search: rate offered (journeys/s), latencies (s), and how it ended."""

    offered: float
    p50: float | None
    p95: float | None
    p99: float | None
    outcome: str


@dataclass(frozen=True)
class Copies:
    """A number of copies of the service: journeys/s held as measured, and as forecast with its interval."""

    copies: float
    sustained: float | None
    fit: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class RouteTime:
    """One route: its share of the server's time (0 to 1)."""

    route: str
    share: float


def table(card: Scorecard, id_: str) -> Table | None:
    """The table ``id_`` of whatever evidence holds it with at least one row, else None."""
    found = (t for evidence in card.evidence for t in evidence.tables if t.id == id_ and t.rows)
    return next(found, None)


def fact(card: Scorecard, id_: str) -> Fact | None:
    """The fact ``id_`` when it was observed, else None."""
    found = (f for evidence in card.evidence for f in evidence.facts if f.id == id_ and f.value is not None)
    return next(found, None)


def number(card: Scorecard, id_: str) -> float | None:
    """The value of the fact ``id_`` when it is a number, else None."""
    found = fact(card, id_)
    return None if found is None else as_float(found.value)


def load_steps(card: Scorecard) -> tuple[LoadStep, ...]:
    """Steps of the load search by rising rate; rows without a rate are left out (the data table still shows them)."""
    steps = table(card, "load.steps")
    if steps is None:
        return ()
    rows = []
    for row in records(steps, ("offered", "p50", "p95", "p99", "outcome")):
        offered = as_float(row["offered"])
        if offered is not None:
            p50, p95, p99 = (as_float(row[name]) for name in ("p50", "p95", "p99"))
            rows.append(LoadStep(offered, p50, p95, p99, str(row["outcome"])))
    return tuple(sorted(rows, key=lambda step: step.offered))


def demand_over_day(card: Scorecard) -> tuple[tuple[float, float], ...]:
    """Hours since midnight and the journeys/s expected then."""
    day = table(card, "demand.day")
    if day is None:
        return ()
    rows = records(day, ("hour", "journeys_per_s"))
    points = ((as_float(row["hour"]), as_float(row["journeys_per_s"])) for row in rows)
    return tuple(sorted((hour, value) for hour, value in points if hour is not None and value is not None))


def scaling(card: Scorecard) -> tuple[Copies, ...]:
    """Rows of the table ``load.scaling`` by rising number of copies; empty where the run measured no more than one."""
    found = table(card, "load.scaling")
    if found is None:
        return ()
    rows = []
    for row in records(found, ("replicas", "sustained", "fit", "low", "high")):
        copies = as_float(row["replicas"])
        if copies is not None:
            rows.append(Copies(copies, *(as_float(row[name]) for name in ("sustained", "fit", "low", "high"))))
    return tuple(sorted(rows, key=lambda row: row.copies))


def routes(card: Scorecard) -> tuple[RouteTime, ...]:
    """Routes by their share of the server's time, the largest first."""
    found = table(card, "trace.routes")
    if found is None:
        return ()
    shares = ((str(row["route"]), as_float(row["share_of_time"])) for row in records(found, ("route", "share_of_time")))
    times = [RouteTime(route, share) for route, share in shares if share is not None]
    return tuple(sorted(times, key=lambda time: (-time.share, time.route)))


def kinds_of_time(card: Scorecard) -> tuple[tuple[str, float], ...]:
    """Share (0 to 1) of the time by kind of work, in a fixed order; empty unless all three kinds were observed."""
    shares = [(kind, number(card, f"trace.share_{kind}")) for kind in ("application", "sql", "remote")]
    known = tuple((kind, share) for kind, share in shares if share is not None)
    return known if len(known) == len(shares) else ()


def held(card: Scorecard) -> Fact | None:
    """The rate of journeys held, where the judgement lets it count: what is unknown above is not drawn below."""
    return None if card.capacity.sustained_rps is None else fact(card, "load.sustained_journeys_per_s")


def objective(card: Scorecard) -> float | None:
    """The line (s) the 95th percentile was searched against, where the evidence states it."""
    return number(card, "load.objective_p95")


def knee(card: Scorecard) -> float | None:
    """The rate (journeys a second) from which the waits leave their floor, where the load found one."""
    rate, requests = number(card, "load.knee_rps"), number(card, "load.requests_per_journey")
    return None if rate is None or not requests else rate / requests


def records(source: Table, names: tuple[str, ...]) -> Iterator[dict[str, Cell]]:
    """Rows as dictionaries of the columns called ``names``; one that is not there is None in each row."""
    places = {column.name: place for place, column in enumerate(source.columns)}
    for row in source.rows:
        yield {name: row[places[name]] if name in places else None for name in names}


def as_float(value: object) -> float | None:
    """``value`` when it is a number, else None."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
