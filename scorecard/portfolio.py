"""Many projects on one page: where each stands, what blocks whom, which share meets what. Pure.

It rests on scorecards as they were written, each on its own day; nothing is judged again here. What time has overtaken
is said: a go counts no longer than the evidence it rests on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from scorecard.evidence import Text
from scorecard.scorecard import Colour, Decision, GradeRange, Verdict

VALID_DAYS = 30
"""Days after which a go is no longer current: most measured criteria of the catalogue take no older evidence, so that
judging the same run again would answer "unknown"."""

GOAL = 0.8
"""Share of the services that should reach each official target: the goal of DINUM's observatory "Vos démarches
essentielles", grey excluded."""

_SAME = 0.005
"""Difference of scores (from 0 to 1) below which nothing moved: half a point of 100."""


class Standing(StrEnum):
    """Where a project stands today, the most urgent first; ``lapsed`` is a go whose time has passed."""

    NO_GO = "no_go"
    UNDETERMINED = "undetermined"
    LAPSED = "lapsed"
    CONDITIONAL = "conditional"
    GO = "go"


class Trend(StrEnum):
    """How the low end of the grade, what is shown to hold, moved since the run before."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a project in short; ``made`` orders the runs (the UTC time of its folder, else its date)."""

    made: str
    folder: str
    graded_on: date
    decision: Decision
    grade: GradeRange


@dataclass(frozen=True)
class Answer:
    """The verdict on one criterion, with its title as the scorecard wrote it."""

    criterion: str
    title: str
    verdict: Verdict
    blocking: bool


@dataclass(frozen=True)
class Shade:
    """The colour of one official indicator, with its title as the scorecard wrote it."""

    indicator: str
    title: str
    colour: Colour


@dataclass(frozen=True)
class Unreadable:
    """A folder that gives no scorecard, and why; ``project`` where its project file names it."""

    folder: str
    reason: Text
    project: str | None = None
    made: str = ""


@dataclass(frozen=True)
class Record:
    """All that was read of one project: its runs oldest first, and the answers and the bounds of the last one.

    ``until`` is the end of its conditions, ``valid_until`` the last day on which its evidence bears the decision.
    """

    name: str
    kind: str
    users: int
    points: tuple[Point, ...]
    answers: tuple[Answer, ...]
    until: date | None = None
    users_cap: int | None = None
    valid_until: date | None = None
    shades: tuple[Shade, ...] = ()


@dataclass(frozen=True)
class Project:
    """A project on the page; ``newer`` are later runs that could not be read, which may say otherwise."""

    record: Record
    standing: Standing
    trend: Trend
    failing: tuple[Answer, ...]
    unknown: tuple[Answer, ...]
    newer: tuple[Unreadable, ...]

    @property
    def last(self) -> Point:
        """The last run that could be read."""
        return self.record.points[-1]


@dataclass(frozen=True)
class Reach:
    """A criterion that blocks, over all projects it is asked of: how many came to each verdict, and who is held up."""

    criterion: str
    title: Text
    counts: Mapping[Verdict, int]
    failing: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def asked(self) -> int:
        """Projects that the criterion is asked of."""
        return sum(self.counts.values())

    @property
    def share_met(self) -> float:
        """Share of them that meet it; unknown, waived and nearly met are not met."""
        return self.counts.get(Verdict.PASS, 0) / self.asked


@dataclass(frozen=True)
class Target:
    """An official indicator over all projects that it is asked of: how many have each colour."""

    indicator: str
    title: Text
    counts: Mapping[Colour, int]

    @property
    def known(self) -> int:
        """Projects whose colour is known: grey is excluded, as the publisher does."""
        return sum(number for colour, number in self.counts.items() if colour is not Colour.GREY)

    @property
    def share_green(self) -> float | None:
        """Share of those known that reach the target; None where nothing is known, which reaches nothing."""
        return self.counts.get(Colour.GREEN, 0) / self.known if self.known else None

    @property
    def reached(self) -> bool:
        """Whether the goal of the portfolio is reached."""
        return self.share_green is not None and self.share_green >= GOAL


@dataclass(frozen=True)
class Portfolio:
    """All projects, the most urgent first; every blocking criterion, the one that holds up most projects first;
    every official indicator, the one that the smallest share reaches first."""

    seen_on: date
    projects: tuple[Project, ...]
    standings: Mapping[Standing, int]
    reaches: tuple[Reach, ...]
    unreadable: tuple[Unreadable, ...]
    runs: int
    targets: tuple[Target, ...] = ()


def portfolio(
    records: Iterable[Record], unreadable: Sequence[Unreadable], titles: Mapping[str, Text], today: date
) -> Portfolio:
    """The portfolio of ``records`` as of ``today``; ``titles`` are by criterion and by official indicator."""
    later: dict[str, list[Unreadable]] = {}
    for item in unreadable:
        if item.project is not None:
            later.setdefault(item.project, []).append(item)
    order = list(Standing)
    projects = sorted(
        (_project(record, later.get(record.name, ()), today) for record in records),
        key=lambda p: (order.index(p.standing), p.record.name.casefold(), p.record.name),
    )
    counts = Counter(project.standing for project in projects)
    return Portfolio(
        seen_on=today,
        projects=tuple(projects),
        standings={standing: counts[standing] for standing in Standing},
        reaches=_reaches(projects, titles),
        unreadable=tuple(sorted(unreadable, key=lambda u: u.folder)),
        runs=sum(len(project.record.points) for project in projects),
        targets=_targets(projects, titles),
    )


def _project(record: Record, unreadable: Sequence[Unreadable], today: date) -> Project:
    last = record.points[-1]
    return Project(
        record=record,
        standing=_standing(last, (record.until, record.valid_until), today),
        trend=_trend(record.points),
        failing=tuple(a for a in record.answers if a.blocking and a.verdict is Verdict.FAIL),
        unknown=tuple(a for a in record.answers if a.blocking and a.verdict is Verdict.UNKNOWN),
        newer=tuple(u for u in unreadable if u.made > last.made),
    )


def _standing(last: Point, ends: Sequence[date | None], today: date) -> Standing:
    if last.decision is Decision.NO_GO:
        return Standing.NO_GO
    if last.decision is Decision.UNDETERMINED:
        return Standing.UNDETERMINED
    if today > min([last.graded_on + timedelta(days=VALID_DAYS), *(end for end in ends if end is not None)]):
        return Standing.LAPSED
    return Standing.CONDITIONAL if last.decision is Decision.CONDITIONAL else Standing.GO


def _trend(points: Sequence[Point]) -> Trend:
    if len(points) < 2:
        return Trend.FIRST
    moved = points[-1].grade.score_low - points[-2].grade.score_low
    if abs(moved) < _SAME:
        return Trend.SAME
    return Trend.BETTER if moved > 0 else Trend.WORSE


def _reaches(projects: Sequence[Project], titles: Mapping[str, Text]) -> tuple[Reach, ...]:
    found: dict[str, list[tuple[str, Answer]]] = {}
    for project in projects:
        for answer in project.record.answers:
            if answer.blocking and answer.verdict is not Verdict.NOT_APPLICABLE:
                found.setdefault(answer.criterion, []).append((project.record.name, answer))
    reaches = [
        Reach(
            criterion=name,
            title=titles.get(name, Text(en=answers[0][1].title, fr=answers[0][1].title)),
            counts=Counter(answer.verdict for _, answer in answers),
            failing=tuple(project for project, answer in answers if answer.verdict is Verdict.FAIL),
            unknown=tuple(project for project, answer in answers if answer.verdict is Verdict.UNKNOWN),
        )
        for name, answers in found.items()
    ]
    return tuple(sorted(reaches, key=lambda r: (-len(r.failing), -len(r.unknown), r.criterion)))


def _targets(projects: Sequence[Project], titles: Mapping[str, Text]) -> tuple[Target, ...]:
    found: dict[str, list[Shade]] = {}
    for project in projects:
        for shade in project.record.shades:
            found.setdefault(shade.indicator, []).append(shade)
    targets = [
        Target(
            indicator=name,
            title=titles.get(name, Text(en=shades[0].title, fr=shades[0].title)),
            counts=Counter(shade.colour for shade in shades),
        )
        for name, shades in found.items()
    ]
    return tuple(sorted(targets, key=_furthest_first))


def _furthest_first(target: Target) -> tuple[bool, float, str]:
    share = target.share_green
    return share is None, 0.0 if share is None else share, target.indicator
