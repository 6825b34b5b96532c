"""An extrapolation drawn: bars for a terminal, and the curve with its interval as an SVG file."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from loadtests.capacity import Estimate, extrapolate
from scorecard.cli.errors import CommandError
from scorecard.evidence import Text
from scorecard.quantities import number
from scorecard.reports import drawings, plots
from scorecard.reports.measured import Copies
from scorecard.reports.words import Words

_BAR = 40
_POINTS = 33
"""Levels at which the curve is drawn, evenly on a log scale."""


def bars(levels: Sequence[float], rates: Sequence[float], estimate: Estimate, lang: str) -> list[str]:
    """A bar a level measured (the median where there are several runs), and that of the estimate with its interval.

    The last bar is full up to the low end and open up to the high one.
    """
    measured = [(level, statistics.median(runs)) for level, runs in _by_level(levels, rates)]
    top = max(estimate.high, *(rate for _, rate in measured))

    def cells(rate: float) -> int:
        return max(1, round(_BAR * rate / top))

    full, wide = cells(estimate.low), cells(estimate.high)
    between = f"{number(estimate.value, lang)} ({number(estimate.low, lang)}\u2013{number(estimate.high, lang)})"
    rows = [(number(level, lang), "█" * cells(rate), number(rate, lang)) for level, rate in measured]
    rows.append((number(estimate.level, lang), "█" * full + "░" * (wide - full), between))
    width = max(len(level) for level, _, _ in rows)
    return [f"{level:>{width}}  {bar} {rate}" for level, bar, rate in rows]


def write_svg(
    path: Path,
    levels: Sequence[float],
    rates: Sequence[float],
    estimate: Estimate,
    required: float | None,
    lang: str,
) -> None:
    """Draw the runs, the curve up to the level asked for, its interval, and the rate ``required`` where one is given.

    Raises:
        CapacityError: see :func:`loadtests.capacity.extrapolate`.
        CommandError: the file cannot be written.
    """
    words = Words("fr" if lang == "fr" else "en")
    furthest = max(estimate.level, *levels)
    ahead = np.geomspace(min(levels), furthest, _POINTS)
    forecasts = (extrapolate(levels, rates, float(at), estimate.confidence) for at in ahead)
    rows = [Copies(e.level, None, e.value, e.low, e.high) for e in forecasts]
    rows += [Copies(level, rate, None, None, None) for level, rate in zip(levels, rates, strict=True)]
    asked = None
    if required is not None:
        told = Text(en=f"asked for: {number(required, 'en')}", fr=f"demandé : {number(required, 'fr')}")
        asked = (required, words.say(told))
    titles = (words.say(Text(en="level", fr="niveau")), words.say(Text(en="rate", fr="débit")))
    drawing = plots.growth(sorted(rows, key=lambda row: row.copies), asked, titles, words, plots.WIDTHS[0])
    try:
        path.write_text(drawings.plot(drawing, "desk", words), encoding="utf-8")
    except OSError as error:
        raise CommandError(
            Text(
                en=f"{path}: cannot be written ({error.strerror})",
                fr=f"{path} : écriture impossible ({error.strerror})",
            )
        ) from error


def _by_level(levels: Sequence[float], rates: Sequence[float]) -> list[tuple[float, list[float]]]:
    found: dict[float, list[float]] = {}
    for level, rate in zip(levels, rates, strict=True):
        found.setdefault(level, []).append(rate)
    return list(found.items())
