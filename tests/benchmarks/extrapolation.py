"""Truth of the extrapolation: forecasts against curves of software the calibration did not learn from.

    python tests/benchmarks/extrapolation.py CURVES.json       (or the path in PORTANCE_CURVES)

Protocol: the rate at the highest level from the levels up to half of it (2x) and up to a quarter (4x). Nested
cross-validation: in each outer fold, what the estimate aims at is chosen and the intervals are calibrated by inner
folds of the remaining curves only. Splits are by framework, and by family of frameworks (first word of the name),
which is stricter; and by framework in 20 ways more, so that no figure hangs on one split. Exit code 1 when a target is
missed or the control is not caught.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from loadtests import calibration as learning
from loadtests.analogues import Aim, Calibration, Floats, shape
from loadtests.calibration import Curves, folds
from loadtests.capacity import extrapolate
from loadtests.scaling_laws import fit_amdahl, fit_usl

AIMS = {
    2: tuple(Aim(cap=0.5, power=1.5, bandwidth=width) for width in (0.05, 0.07, 0.1)),
    4: tuple(
        Aim(cap=cap, power=power, bandwidth=width)
        for cap, power in ((0.5, 3.0), (0.46, 4.5))
        for width in (0.05, 0.07, 0.1)
    ),
}
"""What the inner folds choose among."""

OUTER_FOLDS, INNER_FOLDS = 10, 4
SPLITS = 20
TARGETS = {2: {"median": 0.05, "p90": 0.22, "width": 1.28}, 4: {"median": 0.15, "p90": 0.40, "width": 1.81}}
COVERAGE = (0.87, 0.95)
CONFIDENCE = 0.9

Forecast = Callable[[Floats, Floats, float], float]


@dataclass(frozen=True)
class Scores:
    """Forecasts of several curves against their truth; ``low`` and ``high`` are empty for laws without interval."""

    truth: Floats
    value: Floats
    low: Floats
    high: Floats

    @property
    def errors(self) -> Floats:
        return np.abs(self.value / self.truth - 1)

    @property
    def held(self) -> Floats:
        return (self.low <= self.truth) & (self.truth <= self.high)

    @property
    def widths(self) -> Floats:
        return np.sqrt(self.high / self.low)

    def only(self, rows: Floats) -> Scores:
        return Scores(self.truth[rows], self.value[rows], self.low[rows], self.high[rows])

    def line(self) -> str:
        bias = np.median(self.value / self.truth - 1)
        errors = f"{np.median(self.errors):7.1%} {np.quantile(self.errors, 0.9):7.1%} {bias:+7.1%}"
        if not len(self.low):
            return errors
        return (
            f"{errors}   {self.held.mean():6.1%}   x/÷ {np.median(self.widths):.3f}   "
            f"x/÷ {np.exp(np.log(self.widths).mean()):.3f}"
        )


def main(arguments: Sequence[str]) -> int:
    path = arguments[0] if arguments else os.environ.get("PORTANCE_CURVES")
    if path is None:
        sys.stderr.write(f"{__doc__}")
        return 2
    began = time.monotonic()
    curves = learning.read(Path(path))
    say(f"{curves.source}")
    say(
        f"curves {len(curves.frameworks)}, frameworks {len(set(curves.frameworks))}, "
        f"families {len(set(curves.families))}, levels {[int(n) for n in curves.levels]}, "
        f"outer folds {OUTER_FOLDS}, inner folds {INNER_FOLDS}/{learning.FOLDS}, confidence {CONFIDENCE:.0%}"
    )
    failures = []
    for times in (2, 4):
        say(f"\n{times}x: the rate at {curves.levels[-1]:g} from levels up to {curves.levels[-1] / times:g}")
        say(f"{'':34}  median     p90    bias   coverage  width (median)  width (geometric mean)")
        for name, law in laws().items():
            say(f"{name:34} {against(curves, times, law).line()}")
        for split, groups in (("framework", curves.frameworks), ("family", curves.families)):
            scores, narrowed, chosen = nested(curves, groups, times)
            say(f"{'analogues, split by ' + split:34} {scores.line()}   aims chosen {counted(chosen)}")
            failures += missed(f"{times}x by {split}", scores, TARGETS[times])
            if not missed("control", narrowed, TARGETS[times]):
                failures.append(f"{times}x by {split}: intervals at half their level were not caught")
            say(f"{'  control: half the level':34} {narrowed.line()}")
            if split == "family":
                for name, rows in kinds(curves, times).items():
                    say(f"{'  ' + name:34} {scores.only(rows).line()}   curves {rows.sum()}")
    say(f"\n{SPLITS} other splits by framework, as shipped: mean (lowest to highest) of median, p90")
    for times in (2, 4):
        say(f"{times}x {repeated(curves, times)}")
    say("\nOther windows, split by family")
    for name, start, end, times in (
        ("three levels, 2x", 2, 4, 2),
        ("three levels, 4x", 1, 3, 4),
        ("early window, 64 to 128", 0, 3, 2),
        ("early window, 32 to 128", 0, 2, 4),
    ):
        say(f"{name:34} {windowed(curves, start, end, times).line()}")
    say(f"\n{time.monotonic() - began:.0f} s")
    say("\n".join(["", *(f"MISSED {failure}" for failure in failures)]) if failures else "\nall targets met")
    return 1 if failures else 0


def say(line: str) -> None:
    """One line on standard output, at once: the whole takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def laws() -> dict[str, Forecast]:
    """The laws to beat, each fitted on log rates."""

    def usl(n: Floats, x: Floats, at: float) -> float:
        return float(fit_usl(n, x, "log").rate(at))

    def amdahl(n: Floats, x: Floats, at: float) -> float:
        return float(fit_amdahl(n, x, "log").rate(at))

    def plateau(n: Floats, x: Floats, at: float) -> float:
        return float(x.max())

    def linear(n: Floats, x: Floats, at: float) -> float:
        return float(x[-1] * at / n[-1])

    def ensemble(n: Floats, x: Floats, at: float) -> float:
        return float(np.cbrt(usl(n, x, at) * amdahl(n, x, at) * plateau(n, x, at)))

    return {
        "USL": usl,
        "Amdahl": amdahl,
        "plateau": plateau,
        "linear": linear,
        "geometric mean of the first three": ensemble,
    }


def against(curves: Curves, times: int, law: Forecast) -> Scores:
    end = len(curves.levels) - int(np.log2(times))
    rates = np.exp(curves.log_rates)
    values = [law(curves.levels[:end], row[:end], float(curves.levels[-1])) for row in rates]
    return Scores(rates[:, -1], np.array(values), np.array([]), np.array([]))


def nested(curves: Curves, groups: Sequence[str], times: int) -> tuple[Scores, Scores, list[Aim]]:
    """Scores on the outer folds, those of a control with intervals at half their level, and the aims chosen."""
    end = len(curves.levels) - 1 - int(np.log2(times))
    parts, controls, order, chosen = [], [], [], []
    for learn, judge in folds(groups, OUTER_FOLDS, seed=1):
        known = curves.only(learn)
        aim = best_aim(known, [groups[i] for i in learn], times)
        calibration = learning.calibrate(known, {**learning.AIMS, int(np.log2(times)): aim})
        parts.append(judged(curves.only(judge), 0, end, times, calibration))
        controls.append(judged(curves.only(judge), 0, end, times, halved(calibration)))
        order.append(judge)
        chosen.append(aim)
    rows = np.argsort(np.concatenate(order))
    return joined(parts).only(rows), joined(controls).only(rows), chosen


def best_aim(curves: Curves, groups: Sequence[str], times: int) -> Aim:
    """The aim that misses least on inner folds, by the 90th percentile of the errors over the target."""
    horizon, targets = int(np.log2(times)), TARGETS[times]
    found = []
    for aim in AIMS[times]:
        errors = np.concatenate(
            [
                learning.errors(curves.only(learn), curves.only(judge), horizon, aim)
                for learn, judge in folds(groups, INNER_FOLDS, seed=2)
            ]
        )
        worst = max(np.median(errors) / targets["median"], np.quantile(errors, 0.9) / targets["p90"])
        found.append((float(worst), aim))
    return min(found, key=lambda one: one[0])[1]


def repeated(curves: Curves, times: int) -> str:
    """Median and p90 of the errors over many splits."""
    horizon = int(np.log2(times))
    rows = []
    for seed in range(100, 100 + SPLITS):
        parts = [
            learning.errors(curves.only(learn), curves.only(judge), horizon, learning.AIMS[horizon])
            for learn, judge in folds(curves.frameworks, OUTER_FOLDS, seed)
        ]
        rows.append(np.quantile(np.concatenate(parts), [0.5, 0.9]))
    found = np.array(rows)
    return ", ".join(
        f"{mean:.1%} ({low:.1%} to {high:.1%})"
        for mean, low, high in zip(found.mean(axis=0), found.min(axis=0), found.max(axis=0), strict=True)
    )


def judged(curves: Curves, start: int, end: int, times: int, calibration: Calibration) -> Scores:
    """Forecasts of the rate at ``times`` the level number ``end`` from the levels number ``start`` to ``end``."""
    at = float(curves.levels[end] * times)
    rates = np.exp(curves.log_rates)
    window = slice(start, end + 1)
    found = [extrapolate(curves.levels[window], row[window], at, CONFIDENCE, calibration=calibration) for row in rates]
    return Scores(
        rates[:, list(curves.levels).index(at)],
        np.array([e.value for e in found]),
        np.array([e.low for e in found]),
        np.array([e.high for e in found]),
    )


def windowed(curves: Curves, start: int, end: int, times: int) -> Scores:
    return joined(
        [
            judged(curves.only(judge), start, end, times, learning.calibrate(curves.only(learn)))
            for learn, judge in folds(curves.families, 5, seed=3)
        ]
    )


def counted(aims: Sequence[Aim]) -> str:
    """How often each aim was chosen."""
    return ", ".join(
        f"{count}x (cap {aim.cap:g}, power {aim.power:g}, bandwidth {aim.bandwidth:g})"
        for aim, count in Counter(aims).most_common()
    )


def halved(calibration: Calibration) -> Calibration:
    """A calibration whose intervals claim twice what they hold: the checks must see it."""
    return replace(
        calibration,
        noise=calibration.noise * [1, 0.01],
        atlases={h: replace(a, levels=a.levels * [1, 0.5]) for h, a in calibration.atlases.items()},
    )


def joined(parts: Sequence[Scores]) -> Scores:
    return Scores(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("truth", "value", "low", "high")))


def kinds(curves: Curves, times: int) -> dict[str, Floats]:
    """Rows of the curves by what their last octave did."""
    end = len(curves.levels) - int(np.log2(times))
    last = shape(np.log2(curves.levels[:end]), curves.log_rates[:, :end])[:, 0]
    return {
        "last octave fell (slope < -0.1)": last < -0.1,
        "flat (-0.1 to 0.1)": (last >= -0.1) & (last <= 0.1),
        "bending (0.1 to 0.4)": (last > 0.1) & (last <= 0.4),
        "still growing (> 0.4)": last > 0.4,
    }


def missed(name: str, scores: Scores, targets: dict[str, float]) -> list[str]:
    """What misses a target, in words."""
    median, p90 = float(np.median(scores.errors)), float(np.quantile(scores.errors, 0.9))
    coverage, width = float(scores.held.mean()), float(np.median(scores.widths))
    return [
        f"{name}: {what}"
        for wrong, what in (
            (median > targets["median"], f"median error {median:.1%}, at most {targets['median']:.0%}"),
            (p90 > targets["p90"], f"p90 error {p90:.1%}, at most {targets['p90']:.0%}"),
            (
                not COVERAGE[0] <= coverage <= COVERAGE[1],
                f"coverage {coverage:.1%}, {COVERAGE[0]:.0%} to {COVERAGE[1]:.0%}",
            ),
            (width >= targets["width"], f"width x/÷ {width:.2f}, below {targets['width']:.2f}"),
        )
        if wrong
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
