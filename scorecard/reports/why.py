"""From "too slow at this rate" to the statement: what the traces of a run show, arranged route by route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scorecard.reports import measured
from scorecard.reports.measured import Cell
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

KINDS: tuple[str, ...] = ("before_handler", "pool_wait", "sql", "outgoing", "own_code")
"""Where the time of a request goes, in the order it is drawn: the columns of ``trace.breakdown``."""
_CUT = 500
"""From so many characters on a call in the table may be the beginning of a longer one."""
COLOURED = 8
"""Calls of a route with a colour of their own in the example; the others share one."""

LevelName = Literal["low", "knee"]


@dataclass(frozen=True)
class Pace:
    """How fast the service answered at one step of the load: journeys begun a second, p95 and objective (s)."""

    rate: float
    p95: float
    objective: float | None
    held: bool


@dataclass(frozen=True)
class Level:
    """A route at low load or at the knee; times in seconds, means a request by kind; ``rate`` None where not known."""

    name: LevelName
    rate: float | None
    requests: int
    p50: float
    p95: float
    kinds: tuple[tuple[str, float], ...]

    @property
    def total(self) -> float:
        """Seconds a request takes on average, with the wait before its handler."""
        return sum(seconds for _, seconds in self.kinds)


@dataclass(frozen=True)
class Mend:
    """A diagnosis as it is shown: what is the matter, what to do, and what it brings between two bounds."""

    rule: str
    route: str
    place: str
    line: str
    said: str
    remedy: str
    time: float | None
    rate: tuple[float, float] | None
    users: tuple[float, float] | None


@dataclass(frozen=True)
class CallTime:
    """A statement, an outgoing call or another wait of a route; ``slot`` is its colour in the example."""

    kind: str
    call: str
    line: str
    per_request: float
    share: float | None
    each_low: float | None
    each_knee: float | None
    slot: int
    mends: tuple[Mend, ...]


@dataclass(frozen=True)
class Bar:
    """One line of the example: when it begins and how long it lasts, in seconds and in per cent of the whole."""

    kind: str
    call: str
    begins: float
    lasts: float
    left: float
    width: float
    slot: int


@dataclass(frozen=True)
class RouteTime:
    """A route with its two loads, its calls, an example of one request (``trace`` is its id), and what to mend."""

    number: int
    route: str
    share: float | None
    low: Level | None
    knee: Level | None
    calls: tuple[CallTime, ...]
    trace: str
    bars: tuple[Bar, ...]
    mends: tuple[Mend, ...]

    @property
    def busiest(self) -> Level | None:
        """The knee, else the low load."""
        return self.low if self.knee is None else self.knee

    @property
    def longest(self) -> float:
        """Seconds of a request at the load at which they are most."""
        return max((one.total for one in (self.low, self.knee) if one is not None), default=0.0)

    @property
    def placed(self) -> tuple[Mend, ...]:
        """What to mend that is shown beside a call."""
        return tuple(mend for one in self.calls for mend in one.mends)

    def number_of(self, bar: Bar) -> str:
        """The number under which the call of ``bar`` stands in the list of calls; empty where it does not."""
        places = {(one.kind, one.call): str(number) for number, one in enumerate(self.calls, 1)}
        return places.get((bar.kind, bar.call), "")


def paces(card: Scorecard) -> tuple[Pace, ...]:
    """The step of the load that says what is too slow, or the fastest that was held, and the slowest one."""
    steps = measured.table(card, "load.steps")
    if steps is None:
        return ()
    found: list[Pace] = []
    for row in measured.records(steps, ("offered", "p95", "outcome")):
        rate, p95 = measured.as_float(row["offered"]), measured.as_float(row["p95"])
        if rate is not None and p95 is not None and row["outcome"] in ("held", "failed"):
            found.append(Pace(rate, p95, measured.objective(card), row["outcome"] == "held"))
    failed = [pace for pace in found if not pace.held]
    held = [pace for pace in found if pace.held]
    worst = min(failed, key=lambda p: p.rate) if failed else max(held, key=lambda p: p.rate, default=None)
    calm = min(held, key=lambda p: p.rate, default=None)
    return tuple(dict.fromkeys(pace for pace in (worst, calm) if pace is not None))


def mends(card: Scorecard, words: Words) -> tuple[Mend, ...]:
    """The diagnoses in their order, in the reader's language."""
    found = measured.table(card, "trace.diagnoses")
    if found is None:
        return ()
    tongue = "_fr" if words.lang == "fr" else ""
    names = tuple(column.name for column in found.columns)
    return tuple(
        Mend(
            rule=str(row["rule"]),
            route=str(row["route"]),
            place=str(row["place"]),
            line=_text(row.get("line")),
            said=_text(row[f"said{tongue}"]),
            remedy=_text(row[f"remedy{tongue}"]),
            time=measured.as_float(row["gain_of_all"]),
            rate=_pair(row.get("rate_times_low"), row.get("rate_times_high")),
            users=_pair(row.get("users_more_low"), row.get("users_more_high")),
        )
        for row in measured.records(found, names)
    )


def routes(card: Scorecard, words: Words) -> tuple[RouteTime, ...]:
    """Routes with their breakdown, the one that takes most of the server's time first."""
    found = measured.table(card, "trace.breakdown")
    if found is None:
        return ()
    levels: dict[str, dict[LevelName, Level]] = {}
    for row in measured.records(found, ("route", "load_level", "rate", "requests", "p50", "p95", *KINDS)):
        level = _level(row)
        if level is not None:
            levels.setdefault(str(row["route"]), {})[level.name] = level
    shares = {time.route: time.share for time in measured.routes(card)}
    wrong = mends(card, words)
    arranged = []
    for number, (route, at) in enumerate(levels.items(), 1):
        mine = tuple(mend for mend in wrong if mend.route == route)
        calls = _calls(card, route, mine)
        trace, bars = _example(card, route, calls)
        arranged.append(
            RouteTime(number, route, shares.get(route), at.get("low"), at.get("knee"), calls, trace, bars, mine)
        )
    return tuple(arranged)


def _level(row: dict[str, Cell]) -> Level | None:
    name, requests = row["load_level"], measured.as_float(row["requests"])
    p50, p95 = measured.as_float(row["p50"]), measured.as_float(row["p95"])
    if name not in ("low", "knee") or requests is None or p50 is None or p95 is None:
        return None
    known = ((kind, measured.as_float(row[kind])) for kind in KINDS)
    kinds = tuple((kind, seconds) for kind, seconds in known if seconds is not None)
    which: LevelName = "low" if name == "low" else "knee"
    return Level(which, measured.as_float(row["rate"]), int(requests), p50, p95, kinds)


def _calls(card: Scorecard, route: str, wrong: tuple[Mend, ...]) -> tuple[CallTime, ...]:
    found = measured.table(card, "trace.calls")
    names = ("route", "kind", "call", "line", "per_request", "share_of_latency", "each_low", "each_knee")
    rows = [] if found is None else [row for row in measured.records(found, names) if row["route"] == route]
    return tuple(
        CallTime(
            kind=str(row["kind"]),
            call=_text(row["call"]),
            line=_text(row["line"]),
            per_request=_number(row["per_request"]),
            share=measured.as_float(row["share_of_latency"]),
            each_low=measured.as_float(row["each_low"]),
            each_knee=measured.as_float(row["each_knee"]),
            slot=min(place, COLOURED),
            mends=tuple(
                mend for mend in wrong if mend.place and _is_of(mend.place, str(row["kind"]), _text(row["call"]))
            ),
        )
        for place, row in enumerate(rows)
    )


def _is_of(place: str, kind: str, call: str) -> bool:
    """Whether a diagnosis is about this call: a statement that was cut, one of several calls, a wait by its name."""
    if kind == "other":
        return place in call
    return call in (place, *place.split(", ")) or (len(call) >= _CUT and place.startswith(call))


def _example(card: Scorecard, route: str, calls: tuple[CallTime, ...]) -> tuple[str, tuple[Bar, ...]]:
    found = measured.table(card, "trace.example")
    names = ("route", "trace", "kind", "call", "begins", "lasts")
    rows = [] if found is None else [row for row in measured.records(found, names) if row["route"] == route]
    whole = next((measured.as_float(row["lasts"]) for row in rows if row["kind"] == "serving"), None)
    if not whole:
        return "", ()
    slots = {(one.kind, one.call): one.slot for one in calls}
    bars = []
    for row in rows:
        begins, lasts = _number(row["begins"]), _number(row["lasts"])
        left = round(100 * min(1.0, begins / whole), 2)
        kind, call = str(row["kind"]), _text(row["call"])
        width = round(min(100 - left, 100 * lasts / whole), 2)
        bars.append(Bar(kind, call, begins, lasts, left, width, slots.get((kind, call), COLOURED)))
    return str(rows[0]["trace"]), tuple(bars)


def _pair(low: Cell, high: Cell) -> tuple[float, float] | None:
    least, most = measured.as_float(low), measured.as_float(high)
    return None if least is None or most is None else (least, most)


def _number(cell: Cell) -> float:
    value = measured.as_float(cell)
    return 0.0 if value is None else value


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)
