"""Learn :class:`~loadtests.analogues.Calibration` from measured curves: ``python -m loadtests.calibration CURVES OUT``.

CURVES is a JSON document ``{"source": "...", "concurrency": [8, 16, ...], "columns": ["round", "test", "framework",
"throughput"], "curves": [[...], ...]}``, one rate a level, levels doubling.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadtests import theory
from loadtests.analogues import OCTAVES, Aim, Atlas, Calibration, Floats, shape
from loadtests.errors import LoadTestError

FEWEST = 3
"""Curves that make a cell, at least: the calibration remembers no single curve."""

THEORY_FEWEST = 10
"""The same for the shapes of :mod:`loadtests.theory`."""

AIMS = {1: Aim(cap=0.5, power=1.5, bandwidth=0.1), 2: Aim(cap=0.46, power=4.5, bandwidth=0.07)}
"""By horizon, chosen by cross-validation (see the benchmark). Four times as far, curves go one of several ways: there,
being off by less than the cap for as many as possible is asked for, and less that most are hit closely."""

THEORY_COUNTS = {1: 1.0, 2: 0.4}
"""What each of these counts, by horizon: where it outweighs early windows, their forecasts at four times miss twice as
far."""

WINDOWS = {1: (1.0, 1.0), 2: (1.0, 0.2)}
"""Ends of a curve that serve, by horizon, and what each counts: up to the last level, and up to the one before it. Four
times as far, the latter count less: they tell of growing curves, which have little else."""

OUTCOMES = 5
"""Equally likely outcomes kept a cell."""

Rows = NDArray[np.intp]

KNOTS = 33
FOLDS = 10
SEED = 20261122
LEVELS = np.array([0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99])
"""Confidences for which the calibration holds figures."""


@dataclass(frozen=True)
class Curves:
    """Measured curves over the same levels, each twice the one before.

    Attributes:
        levels: increasing.
        log_rates: curves by levels, natural logarithms.
        frameworks: software measured, a name a curve.
        series: what was measured otherwise, a name a curve (the test).
        rounds: campaign of measurement, a number a curve.
        source: where the data is from.
    """

    levels: Floats
    log_rates: Floats
    frameworks: tuple[str, ...]
    series: tuple[str, ...]
    rounds: tuple[int, ...]
    source: str

    @property
    def families(self) -> tuple[str, ...]:
        """First word of each framework's name: variants of one framework never stand on both sides of a split."""
        return tuple(name.split("-")[0] for name in self.frameworks)

    def only(self, rows: Rows) -> Curves:
        """The curves at ``rows``."""
        return Curves(
            levels=self.levels,
            log_rates=self.log_rates[rows],
            frameworks=tuple(self.frameworks[i] for i in rows),
            series=tuple(self.series[i] for i in rows),
            rounds=tuple(self.rounds[i] for i in rows),
            source=self.source,
        )


def read(path: Path) -> Curves:
    """Read measured curves.

    Raises:
        LoadTestError: the file is missing, is not of the form given above, or its levels do not double.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        levels = np.array(document["concurrency"], dtype=np.float64)
        rows = [dict(zip(document["columns"], row, strict=True)) for row in document["curves"]]
        curves = Curves(
            levels=levels,
            log_rates=np.log(np.array([row["throughput"] for row in rows], dtype=np.float64)),
            frameworks=tuple(str(row["framework"]) for row in rows),
            series=tuple(str(row["test"]) for row in rows),
            rounds=tuple(int(row["round"]) for row in rows),
            source=str(document["source"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LoadTestError(f"{path}: no curves to calibrate on ({type(error).__name__}: {error})") from error
    if not np.allclose(curves.levels[1:], 2 * curves.levels[:-1]) or not np.isfinite(curves.log_rates).all():
        raise LoadTestError(f"{path}: levels must double and rates be above zero")
    return curves


def folds(groups: Sequence[str], count: int, seed: int = SEED) -> Iterator[tuple[Rows, Rows]]:
    """Rows to learn from and rows to judge on, ``count`` times; no group is ever on both sides."""
    names = np.array(sorted(set(groups)))
    part = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % count, strict=True))
    placed = np.array([part[name] for name in groups])
    for fold in range(count):
        yield np.flatnonzero(placed != fold), np.flatnonzero(placed == fold)


def windows(curves: Curves, horizon: int, count: int) -> tuple[Floats, Floats]:
    """Shapes of the curves up to a level, and the change of the log rate ``horizon`` octaves further.

    The ``count`` highest such levels are used, the highest first.
    """
    octaves = np.log2(curves.levels)
    shapes, changes = [], []
    for back in range(count):
        end = len(octaves) - 1 - horizon - back
        shapes.append(shape(octaves[: end + 1], curves.log_rates[:, : end + 1]))
        changes.append(curves.log_rates[:, end + horizon] - curves.log_rates[:, end])
    learned = np.concatenate(shapes)
    # Below the first level measured, connections are few and a machine is free: growth was in proportion.
    return np.where(np.isnan(learned), 1.0, learned), np.concatenate(changes)


def calibrate(curves: Curves, aims: Mapping[int, Aim] | None = None) -> Calibration:
    """Learn from ``curves`` how curves of each shape go on, and how sure that is on software it did not learn from."""
    chosen = AIMS if aims is None else aims
    return Calibration(
        atlases={horizon: _calibrated(curves, horizon, aim) for horizon, aim in chosen.items()},
        noise=_noise(curves),
        gap=_gap(curves),
        made={
            "by": "python -m loadtests.calibration",
            "source": curves.source,
            "curves": len(curves.frameworks),
            "families": len(set(curves.families)),
            "rounds": sorted(set(curves.rounds)),
            "folds": FOLDS,
            "seed": SEED,
        },
    )


def errors(learn: Curves, judge: Curves, horizon: int, aim: Aim) -> Floats:
    """Relative errors of the forecasts that ``learn`` gives for the curves of ``judge``, at their last level."""
    slopes, changes = windows(judge, horizon, 1)
    return np.asarray(np.abs(np.expm1(_atlas(learn, horizon, aim, LEVELS).best(slopes) - changes)))


def _calibrated(curves: Curves, horizon: int, aim: Aim) -> Atlas:
    surprises = []
    for learn, judge in folds(curves.families, FOLDS):
        atlas = _atlas(curves.only(learn), horizon, aim, LEVELS)
        surprises.append(atlas.surprise(*windows(curves.only(judge), horizon, len(WINDOWS[horizon]))))
    # Conformal: the (n + 1)-corrected quantile of how far out the truth was for software the atlas had not seen.
    scores = np.concatenate(surprises)
    corrected = np.minimum(LEVELS * (len(scores) + 1) / len(scores), 1.0)
    return _atlas(curves, horizon, aim, np.quantile(scores, corrected))


def _atlas(curves: Curves, horizon: int, aim: Aim, inner: Floats) -> Atlas:
    ends = WINDOWS[horizon]
    shapes, changes = windows(curves, horizon, len(ends))
    allowed = theory.windows(horizon, SEED)
    # Ranks are those of the shapes that the atlas is asked about: early windows and laws would crowd them out.
    knots = np.quantile(shapes[: len(curves.frameworks)], np.linspace(0, 1, KNOTS), axis=0).T
    # np.interp needs knots that rise; ties in the data are moved apart by less than any slope is known.
    knots = np.maximum.accumulate(knots + np.arange(KNOTS) * 1e-6, axis=1)
    none = np.zeros(0)
    blank = Atlas(knots, np.zeros((0, OCTAVES)), none, none, np.zeros((0, OUTCOMES)), aim, np.zeros((0, 2)))
    places = np.split(blank.places(shapes), len(ends))
    parts = [
        _cells(place, change, FEWEST, weight)
        for place, change, weight in zip(places, np.split(changes, len(ends)), ends, strict=True)
    ]
    parts.append(_cells(blank.places(allowed[0]), allowed[1], THEORY_FEWEST, THEORY_COUNTS[horizon]))
    centres, counts, weights, outcomes = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Atlas(knots, centres, counts, weights, outcomes, aim, np.stack([LEVELS, inner], axis=1))


def _cells(places: Floats, changes: Floats, fewest: int, weight: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Centres, counts, weights and outcomes of cells of at least ``fewest`` curves of about one shape."""
    likely = (np.arange(OUTCOMES) + 0.5) / OUTCOMES
    cells = list(_halved(places, np.arange(len(places)), fewest))
    return (
        np.stack([places[cell].mean(axis=0) for cell in cells]),
        np.array([len(cell) for cell in cells], dtype=np.float64),
        np.full(len(cells), weight),
        np.stack([np.quantile(changes[cell], likely) for cell in cells]),
    )


def _halved(places: Floats, rows: Rows, fewest: int) -> Iterator[Rows]:
    """``rows`` in cells: halved across where they are most spread, as long as both halves have ``fewest``."""
    if len(rows) < 2 * fewest:
        yield rows
        return
    widest = int(np.ptp(places[rows], axis=0).argmax())
    ordered = rows[np.argsort(places[rows, widest], kind="stable")]
    for half in np.split(ordered, [len(ordered) // 2]):
        yield from _halved(places, half, fewest)


def _noise(curves: Curves) -> Floats:
    """Half-widths of one run around its curve, from the same software in two rounds that follow each other.

    What moves the whole curve (a faster version) is taken out by the median over the levels; what is left is the
    noise of two runs, hence the root of 2.
    """
    rows = {key: i for i, key in enumerate(zip(curves.frameworks, curves.series, curves.rounds, strict=True))}
    pairs = [(i, rows[f, s, r + 1]) for (f, s, r), i in rows.items() if (f, s, r + 1) in rows]
    first, second = np.array(pairs).T
    change = curves.log_rates[second] - curves.log_rates[first]
    residual = np.abs(change - np.median(change, axis=1, keepdims=True)) / np.sqrt(2)
    return np.stack([LEVELS, np.quantile(residual, LEVELS)], axis=1)


def _gap(curves: Curves) -> Floats:
    """Half-widths at a level left out, between two that were measured one octave away on either side."""
    middle = (curves.log_rates[:, :-2] + curves.log_rates[:, 2:]) / 2
    missed = np.abs(curves.log_rates[:, 1:-1] - middle).ravel()
    return np.stack([LEVELS, np.quantile(missed, LEVELS)], axis=1)


def main(arguments: Sequence[str]) -> int:
    """Write the calibration learned from the first file to the second."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m loadtests.calibration CURVES.json OUT.json\n")
        return 2
    try:
        calibration = calibrate(read(Path(arguments[0])))
    except LoadTestError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    content = json.dumps(calibration.as_document(), separators=(",", ":"))
    # A line a cell keeps the file readable by a diff without one number a line.
    Path(arguments[1]).write_text(content.replace("],[", "],\n[").replace(',"', ',\n"') + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
