"""What became of every fact between the runs of two sides, and whether that is more than noise."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from scorecard.comparison.significance import ALPHA, Difference, difference, holm, least_p, relative, runs_needed
from scorecard.criteria import DECLARATIONS
from scorecard.evidence import Fact, Unit
from scorecard.scorecard import Scorecard

Value = bool | int | float | str
Key = tuple[str, str]
Better = Literal["lower", "higher"]

_EXACT_ROOMS = frozenset({"security", "k8s"})
"""Collectors that read files and answers: the same state gives the same facts. All others measure."""


class Movement(StrEnum):
    """What can be said of a fact that differs, in the order of the report."""

    WORSE = "worse"
    BETTER = "better"
    CHANGED = "changed"
    NO_LONGER_KNOWN = "no_longer_known"
    NEWLY_KNOWN = "newly_known"
    OTHER_UNIT = "other_unit"
    OTHER_MACHINE = "other_machine"
    OTHER_PROFILE = "other_profile"
    TOO_FEW_RUNS = "too_few_runs"
    NOT_TOLD_FROM_NOISE = "not_told_from_noise"
    WITHIN_NOISE_FLOOR = "within_noise_floor"


@dataclass(frozen=True)
class Figure:
    """A fact that differs between two sides: its values there (the medians where there are several runs), and what that
    is worth.

    ``better`` is the direction a criterion asks for, None where no criterion judges the fact. ``relative`` is a share
    of the value before, None from zero or for words. ``test`` stands where enough runs were compared; ``needed`` is the
    number of runs a side from which a change could be told at all.
    """

    evidence: str
    fact: str
    unit: Unit
    before: Value | None
    after: Value | None
    runs: tuple[int, int]
    movement: Movement
    better: Better | None = None
    relative: float | None = None
    test: Difference | None = None
    needed: int | None = None


@dataclass(frozen=True)
class _Samples:
    """What the runs of both sides say of one fact: its units there, and the values that are known, oldest first."""

    units: tuple[Unit, ...]
    before: tuple[Value, ...]
    after: tuple[Value, ...]


def figures(base: Sequence[Scorecard], new: Sequence[Scorecard], floor: float) -> tuple[Figure, ...]:
    """Every fact that differs between the runs of ``base`` and of ``new`` (oldest first, at least one each).

    Yes/no answers, words, declarations and what is read from files and answers (findings, manifests) are exact: the
    last runs are compared as they are. All else carries noise: it is worse or better only where a criterion gives a
    direction, the test over all such facts together is significant, and the shift is above ``floor`` (a share of the
    median before). An age in days moves by itself and is neither worse nor better.
    """
    noisy = _measured(base) | _measured(new)
    otherwise = {name: why for name in noisy if (why := _measured_otherwise([*base, *new], name)) is not None}
    directions = _directions(base[-1], new[-1])
    settled: list[Figure] = []
    tested: list[tuple[Figure, list[float], list[float]]] = []
    for key, samples in _samples(base, new).items():
        name, _ = key
        before, after = _numbers(samples.before), _numbers(samples.after)
        if name not in noisy or not before or not after or len(samples.units) > 1:
            settled.extend(_exact(key, samples, directions.get(key)))
            continue
        if len({*before, *after}) == 1:
            continue
        test = difference(before, after)
        figure = replace(
            _figure(key, samples, Movement.CHANGED, directions.get(key)),
            before=statistics.median(before),
            after=statistics.median(after),
            relative=relative(before, test.shift),
            test=test,
        )
        if name in otherwise:
            settled.append(replace(figure, movement=otherwise[name]))
        elif figure.better is not None:
            tested.append((figure, before, after))
        else:
            settled.append(figure if min(figure.runs) > 1 else _too_few(figure, 2, floor))
    order = list(Movement)
    return tuple(
        sorted([*settled, *_judged(tested, floor)], key=lambda f: (order.index(f.movement), f.evidence, f.fact))
    )


def _judged(tested: Sequence[tuple[Figure, list[float], list[float]]], floor: float) -> Iterator[Figure]:
    """The figures that a criterion gives a direction, tested together."""
    significant = holm([figure.test.p for figure, _, _ in tested if figure.test is not None])
    for (figure, before, after), beyond_chance in zip(tested, significant, strict=True):
        if least_p(len(before), len(after)) > ALPHA / len(tested):
            yield _too_few(figure, runs_needed(len(tested)), floor)
        elif not beyond_chance:
            yield replace(figure, movement=Movement.NOT_TOLD_FROM_NOISE)
        elif _small(figure, floor):
            yield replace(figure, movement=Movement.WITHIN_NOISE_FLOOR)
        else:
            yield replace(figure, movement=_direction(figure))


def _exact(key: Key, samples: _Samples, better: Better | None) -> Iterator[Figure]:
    """A fact without noise, or one that cannot be compared: nothing where both sides say the same."""
    if len(samples.units) > 1:
        yield _figure(key, samples, Movement.OTHER_UNIT, better)
    elif not samples.before or not samples.after:
        known = Movement.NEWLY_KNOWN if samples.after else Movement.NO_LONGER_KNOWN
        if samples.before or samples.after:
            yield _figure(key, samples, known, better)
    elif samples.before[-1] != samples.after[-1]:
        figure = _figure(key, samples, Movement.CHANGED, better)
        before, after = _numbers(samples.before[-1:]), _numbers(samples.after[-1:])
        if before and after:
            figure = replace(figure, relative=relative(before, after[0] - before[0]))
            figure = replace(figure, movement=_direction(figure))
        yield figure


def _figure(key: Key, samples: _Samples, movement: Movement, better: Better | None) -> Figure:
    return Figure(
        evidence=key[0],
        fact=key[1],
        unit=samples.units[-1],
        before=samples.before[-1] if samples.before else None,
        after=samples.after[-1] if samples.after else None,
        runs=(len(samples.before), len(samples.after)),
        movement=movement,
        better=better,
    )


def _too_few(figure: Figure, needed: int, floor: float) -> Figure:
    movement = Movement.WITHIN_NOISE_FLOOR if _small(figure, floor) else Movement.TOO_FEW_RUNS
    return replace(figure, movement=movement, needed=needed)


def _small(figure: Figure, floor: float) -> bool:
    """Whether the shift is too small to matter; from zero nothing is small."""
    return figure.relative is not None and abs(figure.relative) <= floor


def _direction(figure: Figure) -> Movement:
    shift = _shift(figure)
    if figure.better is None or shift == 0 or figure.unit is Unit.DAYS:
        return Movement.CHANGED
    return Movement.BETTER if (shift < 0) == (figure.better == "lower") else Movement.WORSE


def _shift(figure: Figure) -> float:
    if figure.test is not None:
        return figure.test.shift
    (before,), (after,) = _numbers([figure.before]), _numbers([figure.after])
    return after - before


def _samples(base: Sequence[Scorecard], new: Sequence[Scorecard]) -> Mapping[Key, _Samples]:
    before, after = _facts(base), _facts(new)
    return {
        key: _Samples(
            tuple(dict.fromkeys(fact.unit for fact in (*before.get(key, ()), *after.get(key, ())))),
            _known(before.get(key, ())),
            _known(after.get(key, ())),
        )
        for key in sorted(before.keys() | after.keys())
    }


def _facts(cards: Sequence[Scorecard]) -> dict[Key, list[Fact]]:
    """Facts by evidence and name; a run in which one stands twice says nothing of it."""
    found: dict[Key, list[Fact]] = {}
    for card in cards:
        in_run: dict[Key, list[Fact]] = {}
        for evidence in card.evidence:
            for fact in evidence.facts:
                in_run.setdefault((evidence.name, fact.id), []).append(fact)
        for key, facts in in_run.items():
            if len(facts) == 1:
                found.setdefault(key, []).append(facts[0])
    return found


def _known(facts: Sequence[Fact]) -> tuple[Value, ...]:
    return tuple(fact.value for fact in facts if fact.value is not None)


def _numbers(values: Sequence[Value | None]) -> list[float]:
    return [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]


def _measured(cards: Sequence[Scorecard]) -> frozenset[str]:
    """Names of the evidence that would differ if it were gathered again."""
    every = (evidence for card in cards for evidence in card.evidence if evidence.name != DECLARATIONS)
    return frozenset(e.name for e in every if e.facts and e.collector.partition(".")[0] not in _EXACT_ROOMS)


def _measured_otherwise(cards: Sequence[Scorecard], name: str) -> Movement | None:
    """Why the evidence ``name`` of these runs tells nothing of the service if it differs, None when it may."""
    if len(_machines(cards, name)) > 1:
        return Movement.OTHER_MACHINE
    if len(_profiles(cards, name)) > 1:
        return Movement.OTHER_PROFILE
    return None


def _profiles(cards: Sequence[Scorecard], name: str) -> frozenset[str]:
    """Profiles under which the evidence ``name`` was gathered: a longer search finds another capacity."""
    found = (e.provenance for card in cards for e in card.evidence if e.name == name)
    words = (word for provenance in found if provenance is not None for word in provenance.command)
    return frozenset(word for word in words if word.startswith("profile="))


def _machines(cards: Sequence[Scorecard], name: str) -> frozenset[tuple[str, int]]:
    """Processors that the evidence ``name`` was gathered on: a slower one is no regression of the service."""
    found = (e.provenance for card in cards for e in card.evidence if e.name == name)
    machines = (p.machine for p in found if p is not None)
    return frozenset((machine.cpu, machine.cores) for machine in machines if machine is not None)


def _directions(*cards: Scorecard) -> Mapping[Key, Better]:
    """The direction that criteria give each fact; none where they contradict each other."""
    found: dict[Key, set[Better]] = {}
    for card in cards:
        for judged in card.judged:
            better = judged.criterion.better
            if better != "equal":
                found.setdefault((judged.criterion.evidence, judged.criterion.fact), set()).add(better)
    return {key: next(iter(ways)) for key, ways in found.items() if len(ways) == 1}
