"""Plots over time: how people fared before, in and after an opening or an overload, and through an endurance test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scorecard.evidence import Unit
from scorecard.reports import lettering, measured
from scorecard.reports.axes import around, from_zero
from scorecard.reports.drawing import Band, Drawing, Frame, Label, Line, Rule, Tick
from scorecard.reports.plots import WIDTHS
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

CROWDED = ("opening", "overload")
"""Parts of a course in which more came than before."""

_DESK = WIDTHS[0]
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Moment:
    """Some seconds of a course: from when, in which part, the waits (s) and the memory of the service (bytes)."""

    at: float
    part: str
    p50: float
    p95: float
    memory: float | None


def titled(words: Words) -> tuple[tuple[str, str, str], ...]:
    """The table of each course, what it is called, and what to look at in it."""
    return (
        (
            "spike.course",
            words.gettext("When everybody comes at once"),
            words.gettext("The rate steps from the mean of the busiest day to its peak, and back."),
        ),
        (
            "recovery.course",
            words.gettext("An overload, and what follows it"),
            words.gettext(
                "Half as much again as the service holds, then half of what it holds: it should be well again soon."
            ),
        ),
        (
            "soak.course",
            words.gettext("The same load for long"),
            words.gettext(
                "Seven tenths of the rate held. What rises here and does not stop is a leak, or data that nobody "
                "indexed."
            ),
        ),
    )


def moments(card: Scorecard, id_: str) -> tuple[Moment, ...]:
    """Rows of the table of a course, in order; none where it was not played."""
    table = measured.table(card, id_)
    if table is None:
        return ()
    found = []
    for row in measured.records(table, ("at", "part", "p50", "p95", "memory")):
        at, p50, p95, memory = (measured.as_float(row[name]) for name in ("at", "p50", "p95", "memory"))
        if at is not None and p50 is not None and p95 is not None and p50 > 0:
            found.append(Moment(at, str(row["part"]), p50, p95, memory))
    return tuple(sorted(found, key=lambda one: one.at))


def waits(card: Scorecard, id_: str, words: Words) -> tuple[Drawing, ...]:
    """The waits over time, with the objective; the part in which more came is shaded."""
    found = moments(card, id_)
    return tuple(_waits(card, found, words, width) for width in WIDTHS) if len(found) > 2 else ()


def memory(card: Scorecard, id_: str, words: Words) -> tuple[Drawing, ...]:
    """The memory of the service over time, from nought."""
    points = [(one.at, one.memory) for one in moments(card, id_) if one.memory is not None]
    return tuple(_memory(points, words, width) for width in WIDTHS) if len(points) > 2 else ()


def described(card: Scorecard, id_: str, words: Words) -> str:
    """The worst of the waits that 95 in 100 stay within, and when it was; the memory at both ends where read."""
    found = moments(card, id_)
    if not found:
        return ""
    worst = max(found, key=lambda one: one.p95)
    sentences = [
        words.gettext("At its worst, %(at)s into the test, 95 answers in 100 came within %(wait)s.")
        % {"at": words.quantity(worst.at, Unit.SECOND), "wait": words.quantity(worst.p95, Unit.SECOND)},
        words.gettext("At its end it was %(wait)s.") % {"wait": words.quantity(found[-1].p95, Unit.SECOND)},
    ]
    kept = [one.memory for one in found if one.memory is not None]
    if kept:
        ends = {"first": words.quantity(kept[0], Unit.BYTES), "last": words.quantity(kept[-1], Unit.BYTES)}
        sentences.append(words.gettext("The service used %(first)s of memory at first, %(last)s at the end.") % ends)
    return " ".join(sentences)


def _waits(card: Scorecard, found: Sequence[Moment], words: Words, width: int) -> Drawing:
    frame = _frame(width, 260)
    objective = measured.objective(card)
    levels = [value for one in found for value in (one.p50, one.p95)] + ([] if objective is None else [objective])
    y = around(min(levels), max(levels), frame.bottom, frame.top)
    x = from_zero(found[-1].at, frame.left, frame.right)
    crowd = [one.at for one in found if one.part in CROWDED]
    ends = next((one.at for one in found if crowd and one.at > crowd[-1]), found[-1].at)
    names = {"p95": words.gettext("95 in 100"), "p50": words.gettext("half")}
    placed = {name: [(x(one.at), y(getattr(one, name))) for one in found] for name in names}
    rules, wanted = [], []
    if objective is not None:
        text = words.gettext("objective: %(time)s") % {"time": words.quantity(objective, Unit.SECOND)}
        rules.append(Rule(frame.left, y(objective), frame.right, y(objective), "objective"))
        wanted.append([Label(text, frame.left + 6, y(objective) + down, "objective") for down in (-6, 14)])
    for name, points in placed.items():
        wanted.append(
            [Label(names[name], frame.right + 6, points[-1][1] + down, name) for down in (4, -8, 16, -20, 28)]
        )
    if crowd:
        middle = (x(crowd[0]) + x(ends)) / 2
        wanted.append([Label(words.gettext("crowd"), middle, frame.bottom - 8, "demand", "middle")])
    return Drawing(
        frame=frame,
        x_title=words.gettext("seconds"),
        y_title=words.gettext("wait for an answer"),
        x_ticks=tuple(Tick(x(v), words.number(v)) for v in x.ticks(8 if width == _DESK else 4)),
        y_ticks=tuple(Tick(y(v), words.quantity(v, Unit.SECOND)) for v in y.ticks(6)),
        bands=(Band(x(crowd[0]), frame.top, x(ends) - x(crowd[0]), frame.bottom - frame.top, "crowd"),)
        if crowd
        else (),
        lines=tuple(Line(" ".join(f"{at},{value}" for at, value in points), name) for name, points in placed.items()),
        rules=tuple(rules),
        labels=lettering.apart(wanted, frame),
    )


def _memory(points: Sequence[tuple[float, float]], words: Words, width: int) -> Drawing:
    frame = _frame(width, 200)
    y = from_zero(max(value for _, value in points), frame.bottom, frame.top)
    x = from_zero(points[-1][0], frame.left, frame.right)
    return Drawing(
        frame=frame,
        x_title=words.gettext("seconds"),
        y_title=words.gettext("memory of the service"),
        x_ticks=tuple(Tick(x(v), words.number(v)) for v in x.ticks(8 if width == _DESK else 4)),
        y_ticks=tuple(Tick(y(v), words.quantity(v, Unit.BYTES)) for v in y.ticks(4)),
        lines=(Line(" ".join(f"{x(at)},{y(value)}" for at, value in points), "p95"),),
    )


def _frame(width: int, height: int) -> Frame:
    left, right = (70, 86) if width == _DESK else (58, 70)
    return Frame(width, height, left=left, right=width - right, top=30, bottom=height - 48)
