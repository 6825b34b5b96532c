"""The plots of the page: what to draw and where, once for a desk and once for a phone.

Drawn as templates rather than by a plotting library, so that colours follow the reader's scheme and text keeps the size
of the page on a phone: docs/decisions/0060-plots-drawn-as-templates.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from scorecard.evidence import Fact, Unit
from scorecard.reports import lettering, measured
from scorecard.reports.axes import Scale, around, from_zero
from scorecard.reports.drawing import Anchor, Band, Drawing, Frame, Label, Line, Mark, Rule, Tick
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

WIDTHS = (860, 340)
"""Width (px) of the drawing on a desk and on a phone; the style sheet shows one of them."""

_DESK, _PHONE = WIDTHS
_SAME = 0.02
"""Relative difference below which the peak of the day and the demand that was tested are one and the same."""

_FURTHER = 12
"""How many lines up and down the name of a curve may move to find room."""

Curve = Sequence[tuple[float, float]]
Places = Sequence[Label]
"""Where a label may stand, the best place first."""


def latency(card: Scorecard, words: Words) -> tuple[Drawing, ...]:
    """Latency against the rate of journeys, with the objective, the rate held and the demand; nothing unmeasured."""
    steps = tuple(s for s in measured.load_steps(card) if s.p95 is not None and s.p95 > 0)
    return tuple(_latency(card, steps, words, width) for width in WIDTHS) if steps else ()


def day(card: Scorecard, words: Words) -> tuple[Drawing, ...]:
    """Demand over the busiest day against the rate the service holds; nothing where no demand was worked out."""
    points = measured.demand_over_day(card)
    return tuple(_day(card, points, words, width) for width in WIDTHS) if len(points) > 1 else ()


def scaling(card: Scorecard, words: Words) -> tuple[Drawing, ...]:
    """Rate held against the number of copies of the service: measured, and forecast with its interval."""
    rows, demand = measured.scaling(card), measured.number(card, "demand.journeys_per_s")
    asked = None if demand is None else (demand, _demand(words) % {"rate": words.measured(demand)})
    titles = words.gettext("copies of the service"), words.gettext("journeys begun per second")
    return tuple(growth(rows, asked, titles, words, width) for width in WIDTHS) if len(rows) > 1 else ()


def _latency(card: Scorecard, steps: Sequence[measured.LoadStep], words: Words, width: int) -> Drawing:
    frame = _frame(width, height=340, top=66, right=86 if width == _DESK else 70)
    objective = measured.objective(card)
    demand = measured.number(card, "demand.journeys_per_s")
    held = measured.held(card)
    marks = [(s.offered, s.p95, s.outcome) for s in steps if s.p95 is not None]
    curves = {name: _curve(steps, name) for name in ("p50", "p95", "p99")}
    levels = [y for _, y, _ in marks] + [y for curve in curves.values() for _, y in curve]
    y = around(*_ends(levels, objective), frame.bottom, frame.top)
    x = from_zero(_ends([s.offered for s in steps], demand, *_interval(held))[1], frame.left, frame.right)
    placed = {name: [(x(rate), y(value)) for rate, value in curve] for name, curve in curves.items() if curve}
    names = {"p50": words.gettext("half"), "p95": words.gettext("95 in 100"), "p99": words.gettext("99 in 100")}
    rules, wanted = _upright(held, demand, words, x, frame)
    if objective is not None:
        text = words.gettext("objective: %(time)s") % {"time": words.quantity(objective, Unit.SECOND)}
        rules.append(Rule(frame.left, y(objective), frame.right, y(objective), "objective"))
        wanted.append(_along(text, y(objective), y(objective), "objective", frame))
    if (knee := measured.knee(card)) is not None:
        text = words.gettext("waits double")
        rules.append(Rule(x(knee), frame.top + 8, x(knee), frame.bottom, "knee"))
        wanted.append([_beside(text, x(knee), frame.bottom - 8, "knee", anchor, 5) for anchor in ("start", "end")])
    wanted.extend(_at_its_end(names[name], placed[name][-1], name) for name in ("p95", "p99", "p50") if name in placed)
    return Drawing(
        frame=frame,
        x_title=words.gettext("journeys begun per second"),
        y_title=words.gettext("wait for an answer"),
        x_ticks=_ticks(x, words, 8 if width == _DESK else 4),
        y_ticks=tuple(Tick(y(v), words.quantity(v, Unit.SECOND)) for v in y.ticks(9)),
        bands=tuple(
            Band(x(low), frame.top, max(x(high) - x(low), 1.0), frame.bottom - frame.top, "held")
            for low, high in [_interval(held)]
            if low is not None and high is not None
        ),
        lines=tuple(Line(_path(points), name) for name, points in placed.items()),
        rules=tuple(rules),
        marks=tuple(Mark(x(rate), y(value), outcome) for rate, value, outcome in marks),
        labels=lettering.apart(wanted, frame),
    )


def _curve(steps: Sequence[measured.LoadStep], name: Literal["p50", "p95", "p99"] | str) -> Curve:
    """Rates and latencies of the steps that count: a void step says nothing about the service."""
    points = ((s.offered, getattr(s, name)) for s in steps if s.outcome != "void")
    return [(rate, value) for rate, value in points if value is not None and value > 0]


def _upright(
    held: Fact | None, demand: float | None, words: Words, x: Scale, frame: Frame
) -> tuple[list[Rule], list[Places]]:
    """Upright rules for the rate held and for the demand, named on two rows above the plot, away from each other."""
    rate = _value(held)
    rows: tuple[tuple[str, float | None, str], ...] = (
        ("held", rate, words.gettext("holds %(rate)s per second")),
        ("demand", demand, _demand(words)),
    )
    middle = (frame.left + frame.right) / 2 if rate is None or demand is None else (x(rate) + x(demand)) / 2
    rules: list[Rule] = []
    labels: list[Places] = []
    for row, (style, value, message) in enumerate(rows):
        if value is not None:
            at, y, text = x(value), frame.top - 24 + row * lettering.HEIGHT, message % {"rate": words.measured(value)}
            anchors: tuple[Anchor, ...] = ("end", "start") if at < middle else ("start", "end")
            rules.append(Rule(at, y - 10, at, frame.bottom, style))
            labels.append([_beside(text, at, y, style, anchor, 5) for anchor in anchors])
    return rules, labels


def _day(card: Scorecard, points: Curve, words: Words, width: int) -> Drawing:
    frame = _frame(width, height=158 if width == _DESK else 220, top=40, right=24, below=28)
    held = measured.held(card)
    rate = _value(held)
    low, high = _interval(held)
    asked = measured.number(card, "demand.journeys_per_s")
    y = from_zero(_ends([value for _, value in points], rate, high, asked)[1], frame.bottom, frame.top)
    x = Scale(0.0, 24.0, frame.left, frame.right)
    outline = _path([(x(hour), y(value)) for hour, value in points])
    rules, wanted = [], []
    if rate is not None:
        text = words.gettext("holds %(rate)s per second") % {"rate": words.measured(rate)}
        rules.append(Rule(frame.left, y(rate), frame.right, y(rate), "held"))
        top, bottom = y(rate if high is None else high), y(rate if low is None else low)
        wanted.append(_along(text, top, bottom, "held", frame))
    wanted.extend(_demands(points, asked, words, x, y, frame))
    if asked is not None and not _tested_at(asked, points):
        # Citizens and agents are busiest at different hours, or some are not played: the test asks for another rate.
        rules.append(Rule(frame.left, y(asked), frame.right, y(asked), "demand"))
    return Drawing(
        frame=frame,
        x_title="",
        y_title=words.gettext("people who begin per second, over the busiest day")
        if width == _DESK
        else words.gettext("people who begin per second"),
        x_ticks=tuple(Tick(x(h), words.hour(h)) for h in range(0, 25, 3 if width == _DESK else 6)),
        y_ticks=_ticks(y, words, 4),
        bands=()
        if low is None or high is None
        else (Band(frame.left, y(high), frame.right - frame.left, max(y(low) - y(high), 1.0), "held"),),
        areas=(f"{x(points[0][0])},{frame.bottom} {outline} {x(points[-1][0])},{frame.bottom}",),
        lines=(Line(outline, "demand"),),
        rules=tuple(rules),
        labels=lettering.apart(wanted, frame),
    )


def _demands(points: Curve, asked: float | None, words: Words, x: Scale, y: Scale, frame: Frame) -> list[Places]:
    """Labels of the rate that was tested, and of the busiest hour where that is another one."""
    peak_hour, peak = max(points, key=lambda point: point[1])
    anchors: tuple[Anchor, ...] = ("end", "start") if peak_hour >= 12 else ("start", "end")
    tested = asked is not None and _tested_at(asked, points)
    message = _demand(words) if tested else words.gettext("busiest hour: %(rate)s per second")
    text = message % {"rate": words.measured(peak)}
    at_peak = [
        _beside(text, x(peak_hour), y(peak) + down, "demand", anchor, 8) for down in (-8, 14) for anchor in anchors
    ]
    if asked is None or tested:
        return [at_peak]
    text = _demand(words) % {"rate": words.measured(asked)}
    along = [place for place in _along(text, y(asked), y(asked), "demand", frame) if place.anchor == "end"]
    if abs(y(asked) - y(peak)) < lettering.HEIGHT:
        return [along]  # the two would be taken for each other; the rule is what was tested, the table has both
    return [along, at_peak]


def _tested_at(asked: float, points: Curve) -> bool:
    return math.isclose(asked, max(value for _, value in points), rel_tol=_SAME)


def growth(
    rows: Sequence[measured.Copies], asked: tuple[float, str] | None, titles: tuple[str, str], words: Words, width: int
) -> Drawing:
    """Rates measured, and forecast with their interval, over levels: copies, or whatever ``titles`` says of x and y.

    ``asked`` is the rate that is to be reached, and what to call it.
    """
    frame = _frame(width, height=300, top=40, right=86 if width == _DESK else 70)
    levels = [v for r in rows for v in (r.sustained, r.fit, r.low, r.high) if v is not None]
    highest = [*levels, *(() if asked is None else asked[:1])]
    y = from_zero(max(highest, default=1.0), frame.bottom, frame.top)
    x = from_zero(rows[-1].copies, frame.left, frame.right)
    fit = [(x(r.copies), y(r.fit)) for r in rows if r.fit is not None]
    sure = [(x(r.copies), y(r.low), y(r.high)) for r in rows if r.low is not None and r.high is not None]
    round_trip = [(at, high) for at, _, high in sure] + [(at, low) for at, low, _ in reversed(sure)]
    data = [(x(r.copies), y(r.sustained)) for r in rows if r.sustained is not None]
    rules, wanted = [], []
    if asked is not None:
        rate, text = asked
        rules.append(Rule(frame.left, y(rate), frame.right, y(rate), "demand"))
        wanted.append(_clear_of([*data, *fit], _along(text, y(rate), y(rate), "demand", frame)))
    if fit:
        wanted.append(_at_its_end(words.gettext("forecast"), fit[-1], "p95"))
    return Drawing(
        frame=frame,
        x_title=titles[0],
        y_title=titles[1],
        x_ticks=_ticks(x, words, 8 if width == _DESK else 4),
        y_ticks=_ticks(y, words, 6),
        areas=(_path(round_trip),) if len(sure) > 1 else (),
        lines=(Line(_path(fit), "p95"),) if len(fit) > 1 else (),
        rules=tuple(rules),
        marks=tuple(Mark(at, value, "held") for at, value in data),
        labels=lettering.apart(wanted, frame),
    )


def _along(text: str, top: float, bottom: float, style: str, frame: Frame) -> Places:
    """Places above and below what lies between ``top`` and ``bottom`` from side to side, first on the left."""
    left, right = frame.left + 6, frame.right - 6
    ends: tuple[tuple[float, Anchor], ...] = ((left, "start"), (right, "end"))
    return [Label(text, x, round(y, 1), style, anchor) for y in (top - 6, bottom + 14) for x, anchor in ends]


def _clear_of(points: Curve, places: Places) -> Places:
    """``places`` with those first that cover the fewest of ``points``."""

    def covered(label: Label) -> int:
        left, top, right, bottom = lettering.box(label)
        return sum(left <= x <= right and top <= y <= bottom for x, y in points)

    return sorted(places, key=covered)


def _beside(text: str, at: float, y: float, style: str, anchor: Anchor, gap: float) -> Label:
    return Label(text, round(at + (gap if anchor == "start" else -gap), 1), round(y, 1), style, anchor)


def _at_its_end(text: str, end: tuple[float, float], style: str) -> Places:
    """Places at the right of the last point of a curve, further and further away from it."""
    steps = sorted(range(-_FURTHER, _FURTHER + 1), key=lambda n: (abs(n), n))
    return [Label(text, round(end[0] + 9, 1), round(end[1] + 4 + n * lettering.HEIGHT / 2, 1), style) for n in steps]


def _demand(words: Words) -> str:
    return words.gettext("peak demand: %(rate)s per second")


def _ticks(scale: Scale, words: Words, about: int) -> tuple[Tick, ...]:
    return tuple(Tick(scale(v), words.number(v)) for v in scale.ticks(about))


def _frame(width: int, *, height: int, top: float, right: float, below: float = 48.0) -> Frame:
    """The area of the data, leaving room for the labels around it at this width."""
    return Frame(width, height, left=70 if width == _DESK else 58, right=width - right, top=top, bottom=height - below)


def _ends(values: Sequence[float], *more: float | None) -> tuple[float, float]:
    known = [*values, *(value for value in more if value is not None)]
    return min(known), max(known)


def _value(fact: Fact | None) -> float | None:
    return float(fact.value) if fact is not None and isinstance(fact.value, int | float) else None


def _interval(fact: Fact | None) -> tuple[float | None, float | None]:
    return (None, None) if fact is None else (fact.low, fact.high)


def _path(points: Curve) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
