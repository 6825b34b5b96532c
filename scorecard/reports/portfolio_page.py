"""Many projects on one page: one self-contained HTML document in the style of the scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorecard.portfolio import GOAL, VALID_DAYS, Answer, Point, Portfolio, Reach, Standing, Target, Trend
from scorecard.reports.html import CONTENT_SECURITY_POLICY, environment
from scorecard.reports.labels import mark
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import Colour, Verdict

STANDINGS = {
    Standing.NO_GO: mark("No go"),
    Standing.UNDETERMINED: mark("Undetermined"),
    Standing.LAPSED: mark("Go, no longer current"),
    Standing.CONDITIONAL: mark("Conditional go"),
    Standing.GO: mark("Go"),
}
TRENDS = {
    Trend.BETTER: mark("better"),
    Trend.SAME: mark("unchanged"),
    Trend.WORSE: mark("worse"),
    Trend.FIRST: mark("first run"),
}
SIGNS = {
    Standing.NO_GO: "no_go",
    Standing.UNDETERMINED: "undetermined",
    Standing.LAPSED: "undetermined",
    Standing.CONDITIONAL: "conditional",
    Standing.GO: "go",
}
"""Sign of each standing: a go whose time has passed looks like what it is now, a question without an answer."""

MOST_NAMES = 60
"""Projects named under a criterion; the others are counted."""

MOST_BLOCKERS = 3
"""Criteria named beside a project; the others are counted."""

MOST_REACHES = 10
"""Questions that decide shown at once; the others are folded away."""

_RUNS = 12
_WIDTH, _HEIGHT = 92, 22


@dataclass(frozen=True)
class Sparkline:
    """The grade over the last runs, in pixels: the band between its ends, the line of its low end, its last point."""

    band: str
    line: str
    x: float
    y: float


@dataclass(frozen=True)
class Part:
    """A part of a bar with its share in percent of the width."""

    style: str
    share: float


def render(found: Portfolio, lang: str) -> str:
    """The page of ``found`` in ``lang`` ("fr", else English); the same portfolio gives the same bytes."""
    known: Lang = "fr" if lang == "fr" else "en"
    return (
        environment(known)
        .get_template("portfolio.html")
        .render(
            found=found,
            titles={reach.criterion: reach.title for reach in found.reaches},
            percent=percent,
            policy=CONTENT_SECURITY_POLICY,
            standings=STANDINGS,
            trends=TRENDS,
            signs=SIGNS,
            valid_days=VALID_DAYS,
            spark=sparkline,
            shares=shares,
            reached=reached,
            coloured=coloured,
            goal=GOAL,
            Colour=Colour,
            blockers=blockers,
            most_names=MOST_NAMES,
            most_reaches=MOST_REACHES,
            most_blockers=MOST_BLOCKERS,
        )
    )


def percent(share: float, words: Words) -> str:
    """``share`` as a whole percentage that reaches 0 and 100 only when it is none and all."""
    return words.share(share)


def sparkline(points: Sequence[Point]) -> Sparkline | None:
    """The grade over the last runs of a project; None for one run."""
    shown = points[-_RUNS:]
    if len(shown) < 2:
        return None
    step = (_WIDTH - 8) / (len(shown) - 1)
    places = [round(4 + i * step, 1) for i in range(len(shown))]
    lows = [_at(point.grade.score_low) for point in shown]
    highs = [_at(point.grade.score_high) for point in shown]
    there = [f"{x},{y}" for x, y in zip(places, highs, strict=True)]
    back = [f"{x},{y}" for x, y in zip(reversed(places), reversed(lows), strict=True)]
    line = " ".join(f"{x},{y}" for x, y in zip(places, lows, strict=True))
    return Sparkline(" ".join([*there, *back]), line, places[-1], lows[-1])


def shares(counts: Mapping[Standing, int]) -> tuple[Part, ...]:
    """The parts of the bar of standings, without those that nobody has."""
    total = sum(counts.values())
    return tuple(Part(standing.value, round(100 * n / total, 3)) for standing, n in counts.items() if n)


def reached(reach: Reach) -> tuple[Part, ...]:
    """The parts of the bar of a criterion: met, then what is accepted or nearly met, unknown, and not met."""
    order = (Verdict.PASS, Verdict.WARN, Verdict.WAIVED, Verdict.UNKNOWN, Verdict.FAIL)
    parts = ((v.value, reach.counts.get(v, 0)) for v in order)
    return tuple(Part(style, round(100 * n / reach.asked, 3)) for style, n in parts if n)


def coloured(target: Target) -> tuple[Part, ...]:
    """The parts of the bar of an official indicator: the colours of those that are known, best first."""
    order = (Colour.GREEN, Colour.YELLOW, Colour.RED)
    parts = ((colour.value, target.counts.get(colour, 0)) for colour in order)
    return tuple(Part(style, round(100 * n / target.known, 3)) for style, n in parts if n)


def blockers(failing: Sequence[Answer], unknown: Sequence[Answer]) -> tuple[Answer, ...]:
    """What holds a project up: failures, and only where there are none, what is not known."""
    return tuple(failing) if failing else tuple(unknown)


def _at(score: float) -> float:
    return round(_HEIGHT - 3 - (_HEIGHT - 6) * min(max(score, 0.0), 1.0), 1)
