"""Rates measured at several levels, in one run or more each: what they must be to say anything."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from loadtests.analogues import Floats
from loadtests.errors import LoadTestError
from scorecard.evidence import Text

FEWEST_LEVELS = 3
RESAMPLES = 200

Numbers = Sequence[float] | Floats


class CapacityError(LoadTestError, ValueError):
    """The measurements, or what is asked of them, allow no answer; ``text`` says why in one line, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def checked(levels: Numbers, throughput: Numbers) -> tuple[Floats, list[Floats]]:
    """The different levels, increasing, and the natural logarithms of the rates of the runs at each.

    Raises:
        CapacityError: lengths that differ; a value that is no finite number above zero; levels that decrease; fewer
            than three different levels, or the highest less than twice the lowest.
    """
    at, rates = _numbers("level", "niveau", levels), _numbers("rate", "débit", throughput)
    if len(at) != len(rates):
        raise CapacityError(
            Text(
                en=f"{len(at)} levels but {len(rates)} rates: each rate stands with its level",
                fr=f"{len(at)} niveaux mais {len(rates)} débits : chaque débit va avec son niveau",
            )
        )
    falls = np.flatnonzero(np.diff(at) < 0)
    if len(falls):
        before, after = at[falls[0]], at[falls[0] + 1]
        raise CapacityError(
            Text(
                en=f"levels must not decrease, but {after:g} comes after {before:g}: "
                "sort by level, runs at the same level next to each other",
                fr=f"les niveaux ne doivent pas décroître, or {after:g} vient après {before:g} : "
                "triez par niveau, les essais d’un même niveau côte à côte",
            )
        )
    distinct = np.unique(at)
    if len(distinct) < FEWEST_LEVELS:
        raise CapacityError(
            Text(
                en=f"different levels measured: {len(distinct)}; at least {FEWEST_LEVELS} are needed",
                fr=f"niveaux différents mesurés : {len(distinct)} ; il en faut au moins {FEWEST_LEVELS}",
            )
        )
    if distinct[-1] < 2 * distinct[0]:
        raise CapacityError(
            Text(
                en=f"measured from {distinct[0]:g} to {distinct[-1]:g} only: "
                "the highest level must be at least twice the lowest",
                fr=f"mesures de {distinct[0]:g} à {distinct[-1]:g} seulement : "
                "le niveau le plus haut doit valoir au moins le double du plus bas",
            )
        )
    # Sorted, so that the order of the runs cannot change a resampling.
    return distinct, [np.sort(np.log(rates[at == level])) for level in distinct]


def _numbers(what: str, quoi: str, given: Numbers) -> Floats:
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 1:
        raise CapacityError(
            Text(en=f"each {what} must be a plain number", fr=f"chaque {quoi} doit être un simple nombre")
        )
    wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(wrong):
        place, value = wrong[0] + 1, values[wrong[0]]
        raise CapacityError(
            Text(
                en=f"{what} number {place} is {value:g}: it must be finite and above zero",
                fr=f"le {quoi} numéro {place} vaut {value:g} : il doit être fini et supérieur à zéro",
            )
        )
    return values


def resampled(runs: Sequence[Floats], seed: int) -> Floats:
    """Log rate at each level: first as measured (mean of its runs), then as other draws of the runs would give it.

    With a single run at every level there is nothing to draw from, and one row.
    """
    measured = np.array([run.mean() for run in runs])
    if all(len(run) == 1 for run in runs):
        return measured[None]
    generator = np.random.default_rng(seed)
    draws = np.tile(measured, (RESAMPLES + 1, 1))
    for place, run in enumerate(runs):
        if len(run) > 1:
            drawn = generator.choice(run - run.mean(), size=(RESAMPLES, len(run))).mean(axis=1)
            # Few runs show too little of their spread: the usual correction of a variance by n / (n - 1).
            draws[1:, place] += drawn * math.sqrt(len(run) / (len(run) - 1))
    return draws
