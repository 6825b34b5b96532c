"""The plots of the page: what to draw and where, once for a desk and once for a phone.

Drawn as templates rather than by a plotting library, so that colours follow the reader's scheme and text keeps the size
of the page on a phone: docs/decisions/0060-plots-drawn-as-templates.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from scorecard.evidence import Fact, Unit
from scorecard.reports import measured
from scorecard.reports.axes import Scale, around, from_zero
from scorecard.reports.drawing import Anchor, Band, Drawing, Frame, Label, Line, Mark, Rule, Tick
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

WIDTHS = (720, 340)
"""Width (px) of the drawing on a desk and on a phone; the style sheet shows one of them."""

_DESK, _PHONE = WIDTHS
_SAME = 0.02
"""Relative difference below which the peak of the day and the demand that was tested are one and the same."""

_LABEL_HEIGHT = 15.0
_LETTER_WIDTH = 7.2
"""Pixels of a letter in the widest of the usual fonts, at the size of the labels."""

Curve = Sequence[tuple[float, float]]


def latency(card: Scorecard, words: Words) -> tuple[Drawing, ...]:
    """Latency against the rate of journeys, with the objective, the rate held and the demand; nothing unmeasured."""
    steps = tuple(s for s in measured.load_steps(card) if s.p95 is not None and s.p95 > 0)
    return tuple(_latency(card, steps, words, width) for width in WIDTHS) if steps else ()


def day(card: Scorecard, words: Words) -> tuple[Drawing, ...]:
    """Demand over the busiest day against the rate the service holds; nothing where no demand was worked out."""
    points = measured.demand_over_day(card)
    return tuple(_day(card, points, words, width) for width in WIDTHS) if len(points) > 1 else ()


def _latency(card: Scorecard, steps: Sequence[measured.LoadStep], words: Words, width: int) -> Drawing:
    frame = _frame(width, top=66, right=86 if width == _DESK else 70)
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
    rules, labels = _upright(held, demand, words, x, frame)
    if objective is not None:
        text = words.gettext("objective: %(time)s") % {"time": words.quantity(objective, Unit.SECOND)}
        rules.append(Rule(frame.left, y(objective), frame.right, y(objective), "objective"))
        labels.append(Label(text, frame.left + 6, y(objective) - 6, "objective"))
    return Drawing(
        frame=frame,
        x_title=words.gettext("journeys begun per second"),
        y_title=words.gettext("wait for an answer"),
        x_ticks=tuple(Tick(x(v), words.number(v)) for v in x.ticks(8 if width == _DESK else 4)),
        y_ticks=tuple(Tick(y(v), words.quantity(v, Unit.SECOND)) for v in y.ticks(9)),
        bands=tuple(
            Band(x(low), frame.top, max(x(high) - x(low), 1.0), frame.bottom - frame.top, "held")
            for low, high in [_interval(held)]
            if low is not None and high is not None
        ),
        lines=tuple(Line(_path(points), name) for name, points in placed.items()),
        rules=tuple(rules),
        marks=tuple(Mark(x(rate), y(value), outcome) for rate, value, outcome in marks),
        labels=(*labels, *_names_at_the_end(placed, names, frame)),
    )


def _curve(steps: Sequence[measured.LoadStep], name: Literal["p50", "p95", "p99"] | str) -> Curve:
    """Rates and latencies of the steps that count: a void step says nothing about the service."""
    points = ((s.offered, getattr(s, name)) for s in steps if s.outcome != "void")
    return [(rate, value) for rate, value in points if value is not None and value > 0]


def _names_at_the_end(placed: Mapping[str, Curve], names: Mapping[str, str], frame: Frame) -> list[Label]:
    """Names of the lines at their right end, moved apart where they would overlap."""
    labels: list[Label] = []
    ceiling = frame.bottom
    for name in sorted(placed, key=lambda n: -placed[n][-1][1]):
        y = round(min(placed[name][-1][1] + 4, ceiling), 1)
        ceiling = y - _LABEL_HEIGHT
        labels.append(Label(names[name], round(placed[name][-1][0] + 9, 1), y, name))
    return labels


def _upright(
    held: Fact | None, demand: float | None, words: Words, x: Scale, frame: Frame
) -> tuple[list[Rule], list[Label]]:
    """Upright rules for the rate held and for the demand, named on two rows above the plot, away from each other."""
    rate = _value(held)
    rows = (
        ("held", rate, words.gettext("holds %(rate)s per second")),
        ("demand", demand, _demand(words)),
    )
    middle = (frame.left + frame.right) / 2 if rate is None or demand is None else (x(rate) + x(demand)) / 2
    rules: list[Rule] = []
    labels: list[Label] = []
    for row, (style, value, message) in enumerate(rows):
        if value is not None:
            at, y, text = x(value), frame.top - 24 + row * _LABEL_HEIGHT, message % {"rate": words.measured(value)}
            anchor = _side(at, text, frame, leftwards=at < middle)
            rules.append(Rule(at, y - 10, at, frame.bottom, style))
            labels.append(Label(text, round(at + (5 if anchor == "start" else -5), 1), y, style, anchor))
    return rules, labels


def _side(at: float, text: str, frame: Frame, *, leftwards: bool) -> Anchor:
    """The side of ``at`` to write on: the one asked for unless the words would leave the drawing there."""
    length = len(text) * _LETTER_WIDTH + 5
    if leftwards:
        return "end" if at - length > 0 else "start"
    return "start" if at + length < frame.width else "end"


def _day(card: Scorecard, points: Curve, words: Words, width: int) -> Drawing:
    frame = _frame(width, top=34, right=24)
    held = measured.held(card)
    rate = _value(held)
    low, high = _interval(held)
    asked = measured.number(card, "demand.journeys_per_s")
    y = from_zero(_ends([value for _, value in points], rate, high, asked)[1], frame.bottom, frame.top)
    x = Scale(0.0, 24.0, frame.left, frame.right)
    outline = _path([(x(hour), y(value)) for hour, value in points])
    peak_hour, peak = max(points, key=lambda point: point[1])
    tested_at_its_peak = asked is not None and math.isclose(asked, peak, rel_tol=_SAME)
    message = _demand(words) if tested_at_its_peak else words.gettext("busiest hour: %(rate)s per second")
    peak_text = message % {"rate": words.measured(peak)}
    anchor = _side(x(peak_hour), peak_text, frame, leftwards=peak_hour >= 12)
    peak_x = round(x(peak_hour) + (8 if anchor == "start" else -8), 1)
    labels = [Label(peak_text, peak_x, y(peak) - 8, "demand", anchor)]
    rules = []
    if asked is not None and not tested_at_its_peak:
        # Citizens and agents are busiest at different hours, or some are not played: the test asks for another rate.
        rules.append(Rule(frame.left, y(asked), frame.right, y(asked), "demand"))
        text = _demand(words) % {"rate": words.measured(asked)}
        if abs(y(asked) - y(peak)) < 2 * _LABEL_HEIGHT:
            labels.clear()  # the two would be written over each other; the rule is what was tested, the table has both
        labels.append(Label(text, frame.right - 6, y(asked) - 6, "demand", "end"))
    if rate is not None:
        text = words.gettext("holds %(rate)s per second") % {"rate": words.measured(rate)}
        rules.append(Rule(frame.left, y(rate), frame.right, y(rate), "held"))
        labels.append(Label(text, frame.left + 6, y(rate if high is None else high) - 6, "held"))
    return Drawing(
        frame=frame,
        x_title=words.gettext("hour of the busiest day"),
        y_title=words.gettext("journeys begun per second"),
        x_ticks=tuple(Tick(x(h), words.hour(h)) for h in range(0, 25, 3 if width == _DESK else 6)),
        y_ticks=tuple(Tick(y(v), words.number(v)) for v in y.ticks(5)),
        bands=()
        if low is None or high is None
        else (Band(frame.left, y(high), frame.right - frame.left, max(y(low) - y(high), 1.0), "held"),),
        areas=(f"{x(points[0][0])},{frame.bottom} {outline} {x(points[-1][0])},{frame.bottom}",),
        lines=(Line(outline, "demand"),),
        rules=tuple(rules),
        labels=tuple(labels),
    )


def _demand(words: Words) -> str:
    return words.gettext("peak demand: %(rate)s per second")


def _frame(width: int, *, top: float, right: float) -> Frame:
    """The area of the data, leaving room for the labels around it at this width."""
    if width == _DESK:
        return Frame(width, 340, left=70, right=width - right, top=top, bottom=292)
    return Frame(width, 320, left=58, right=width - right, top=top, bottom=272)


def _ends(values: Sequence[float], *more: float | None) -> tuple[float, float]:
    known = [*values, *(value for value in more if value is not None)]
    return min(known), max(known)


def _value(fact: Fact | None) -> float | None:
    return float(fact.value) if fact is not None and isinstance(fact.value, int | float) else None


def _interval(fact: Fact | None) -> tuple[float | None, float | None]:
    return (None, None) if fact is None else (fact.low, fact.high)


def _path(points: Curve) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
