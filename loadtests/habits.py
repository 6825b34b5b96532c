"""How people really move through the journeys: think times and shares from an access log or an analytics export.

Addresses and browsers tell visits apart while a file is read; nothing of them is kept or shown.
"""

from __future__ import annotations

import csv
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

from loadtests.errors import LoadTestError
from scorecard.project_journeys import Journey, Step

VISIT_ENDS_AFTER = timedelta(minutes=30)
"""A pause that ends a visit, as web analytics count them."""

FEWEST = 20
"""Pauses below which their median says little."""

_LINE = re.compile(
    r'(?P<host>\S+) \S+ \S+ \[(?P<at>[^\]]+)\] "(?P<method>[A-Z]+) (?P<target>\S+)[^"]*" (?P<status>\d{3}) \S+'
    r'(?: "[^"]*" "(?P<browser>[^"]*)")?'
)
"""Common and combined log format of Apache httpd, nginx and gunicorn."""

_PAGE = ("url", "page", "label", "page url", "page_url", "path", "page path")
_TIME = (
    "avg_time_on_page",
    "avg. time on page",
    "average time on page",
    "avg time on page",
    "avg_time",
    "time_on_page",
)
_VISITS = ("nb_visits", "visits", "pageviews", "unique pageviews", "nb_hits", "views")


@dataclass(frozen=True)
class Pause:
    """The pause before a step: its median in seconds and how many were seen; None where too few were."""

    step: str
    seconds: float | None
    seen: int


@dataclass(frozen=True)
class Habit:
    """A journey as people went through it: visits with a step of it, those that reached its last one, its pauses."""

    journey: str
    begun: int
    ended: int
    pauses: tuple[Pause, ...]


@dataclass(frozen=True)
class _Hit:
    at: datetime
    method: str
    path: str


def of_access_log(lines: Iterable[str], journeys: Sequence[Journey]) -> tuple[Habit, ...]:
    """Pauses between the steps of each journey, and how many visits reached its last step.

    Args:
        lines: an access log in common or combined format, in any order; lines of another form are passed over.
        journeys: those of the project file.

    Raises:
        LoadTestError: no line has that form, or none matches a step of a journey.
    """
    visits = _visits(lines)
    if not visits:
        raise LoadTestError("no line is in common or combined log format")
    found = tuple(_habit(journey, visits) for journey in journeys)
    if not any(habit.begun for habit in found):
        raise LoadTestError("no line matches a step of a journey")
    return found


def of_analytics(rows: Iterable[str], journeys: Sequence[Journey]) -> tuple[Habit, ...]:
    """Time spent on the page before each step, from a CSV with a page, its average time and its visits.

    Args:
        rows: a CSV with a header; a time is in seconds or as hh:mm:ss.
        journeys: those of the project file.

    Raises:
        LoadTestError: a column is missing, or no page matches a step.
    """
    reader = csv.DictReader(rows)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    page, time, visits = (_column(names, known) for known in (_PAGE, _TIME, _VISITS))
    pages: dict[str, tuple[float, int]] = {}
    for row in reader:
        seconds, count = _duration(row[time] or ""), (row[visits] or "").strip().replace(",", "")
        if seconds is not None and count.isdigit():
            pages[_path(row[page] or "")] = (seconds, int(count))
    found = tuple(_from_pages(journey, pages) for journey in journeys)
    if not any(pause.seen for habit in found for pause in habit.pauses):
        raise LoadTestError("no page matches a step of a journey")
    return found


def _visits(lines: Iterable[str]) -> list[list[_Hit]]:
    by_visitor: dict[tuple[str, str], list[_Hit]] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is None or int(match["status"]) >= 400:
            continue
        try:
            at = datetime.strptime(match["at"], "%d/%b/%Y:%H:%M:%S %z")
        except ValueError:
            continue
        visitor = (match["host"], match["browser"] or "")
        by_visitor.setdefault(visitor, []).append(_Hit(at, match["method"], _path(match["target"])))
    return [visit for hits in by_visitor.values() for visit in _split(sorted(hits, key=lambda hit: hit.at))]


def _split(hits: Sequence[_Hit]) -> Iterator[list[_Hit]]:
    visit: list[_Hit] = []
    for hit in hits:
        if visit and hit.at - visit[-1].at > VISIT_ENDS_AFTER:
            yield visit
            visit = []
        visit.append(hit)
    if visit:
        yield visit


def _habit(journey: Journey, visits: Sequence[Sequence[_Hit]]) -> Habit:
    steps = [(step, _pattern(step)) for step in journey.steps if step.path.startswith("/")]
    pauses: list[list[float]] = [[] for _ in steps]
    begun = ended = 0
    for visit in visits:
        places = [(hit.at, place) for hit in visit if (place := _place(hit, steps)) is not None]
        for (before, earlier), (at, later) in pairwise(places):
            if later == earlier + 1:
                pauses[later].append((at - before).total_seconds())
        begun += bool(places)
        ended += any(place == len(steps) - 1 for _, place in places)
    return Habit(
        journey.name,
        begun,
        ended,
        tuple(
            Pause(step.label, statistics.median(seen) if len(seen) >= FEWEST else None, len(seen))
            for (step, _), seen in zip(steps, pauses, strict=True)
        ),
    )


def _place(hit: _Hit, steps: Sequence[tuple[Step, re.Pattern[str]]]) -> int | None:
    matching = (n for n, (step, path) in enumerate(steps) if step.method == hit.method and path.fullmatch(hit.path))
    return next(matching, None)


def _from_pages(journey: Journey, pages: Mapping[str, tuple[float, int]]) -> Habit:
    pauses, before, begun, ended = [], None, 0, 0
    for step in (step for step in journey.steps if step.path.startswith("/")):
        if before is not None:
            pauses.append(Pause(step.label, before[0] if before[1] >= FEWEST else None, before[1]))
        here = [seen for page, seen in pages.items() if step.method == "GET" and _pattern(step).fullmatch(page)]
        total = sum(count for _, count in here)
        before = (sum(seconds * count for seconds, count in here) / total, total) if total else None
        begun, ended = max(begun, total), total if total else ended
    return Habit(journey.name, begun, ended, tuple(pauses))


def _pattern(step: Step) -> re.Pattern[str]:
    parts = re.split(r"\{[^{}]*\}", _path(step.path))
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _path(address: str) -> str:
    return urlsplit(address.strip()).path or "/"


def _column(names: Mapping[str, str], known: Sequence[str]) -> str:
    found = next((names[name] for name in known if name in names), None)
    if found is None:
        raise LoadTestError(f"no column {' or '.join(known[:3])}")
    return found


def _duration(text: str) -> float | None:
    parts = text.strip().removesuffix("s").strip().split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        return None
    if len(values) > 3 or any(not 0 <= value < float("inf") for value in values):
        return None
    return float(sum(value * 60**power for power, value in enumerate(reversed(values))))
