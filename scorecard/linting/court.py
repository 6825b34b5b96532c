"""A criterion graded in isolation, with all it requires answered well, on a fact that is as the trial wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from scorecard.criteria import Criterion, Reference
from scorecard.evidence import Evidence, Fact, Machine, Provenance, Status, Text, Unit
from scorecard.grading import grade
from scorecard.linting.values import Value, values
from scorecard.project import TIERS, Kind, ProjectFile, Tier
from scorecard.scorecard import Verdict

DAY = date(2030, 6, 15)
"""Any day: grading knows no clock."""

_PROJECT = "lint"
_WHY = Text(en="not seen", fr="pas vu")
_MACHINE = Machine(system="none", cpu="none", cores=1, memory_bytes=1, python="none")


@dataclass(frozen=True)
class Trouble:
    """One way in which a fact is no answer: in words, and as it changes the fact or the day of judgement."""

    en: str
    fr: str
    change: Callable[[Fact, Criterion], Fact | None] = lambda fact, _: fact
    days: Callable[[Criterion], int] = lambda _: 0
    status: Status = Status.COMPLETED
    times: int = 1


def _elsewhere(fact: Fact, criterion: Criterion) -> Fact:
    """The same fact in a unit that nobody asked for."""
    other = Unit.TEXT if criterion.unit is not Unit.TEXT else Unit.COUNT
    value: str | int = "x" if other is Unit.TEXT else 1
    return fact.model_copy(update={"unit": other, "value": value, "low": None, "high": None})


def _without_value(fact: Fact, _: Criterion) -> Fact:
    return fact.model_copy(update={"value": None, "low": None, "high": None, "reason": _WHY})


TROUBLES = (
    Trouble("absent", "absent", change=lambda *_: None),
    Trouble("without a value", "sans valeur", change=_without_value),
    Trouble("in another unit", "dans une autre unité", change=_elsewhere),
    Trouble("stale", "périmé", days=lambda criterion: criterion.max_age_days + 1),
    Trouble("from the future", "daté du futur", days=lambda _: -1),
    Trouble("there twice", "présent deux fois", times=2),
    Trouble("from a collection that failed", "issu d’une collecte en échec", status=Status.ERROR),
    Trouble("from a collection that was skipped", "issu d’une collecte sautée", status=Status.SKIPPED),
)

NONE = Trouble("sound", "sain")


@dataclass(frozen=True)
class Court:
    """A criterion with those it requires, in a project of one kind and tier.

    ``answers`` are a value that passes and one that does not for each that is required; ``broken`` is the one among
    them that does not pass.
    """

    criterion: Criterion
    needed: tuple[Criterion, ...]
    project: ProjectFile
    answers: Mapping[str, tuple[Value, Value]]
    broken: str | None = None

    @property
    def requires(self) -> tuple[str, ...]:
        """What the criterion requires itself, as far as this kind of project is asked it."""
        kind = self.project.project.kind
        asked = {c.id for c in self.needed if kind in c.kinds}
        return tuple(name for name in self.criterion.requires if name in asked)

    def verdict(self, value: Value, trouble: Trouble = NONE) -> Verdict:
        """The verdict on the criterion when its fact has ``value``, with ``trouble``."""
        facts: dict[str, list[Fact]] = {self.criterion.evidence: []}
        for one in self.needed:
            fact: Fact | None = _fact(
                one, value if one is self.criterion else self.answers[one.id][one.id == self.broken]
            )
            if one is self.criterion:
                assert fact is not None
                fact = trouble.change(fact, one)
            if fact is not None and all(fact.id != other.id for other in facts.get(one.evidence, [])):
                facts.setdefault(one.evidence, []).append(fact)
        evidence = []
        for name, held in facts.items():
            own = name == self.criterion.evidence
            made = _evidence(name, held, trouble.status if own else Status.COMPLETED)
            evidence += [made] * (trouble.times if own else 1)
        day = DAY + timedelta(days=trouble.days(self.criterion))
        card = grade(self.project, self.needed, evidence, (), day)
        return next(j.verdict for j in card.judged if j.criterion.id == self.criterion.id)


def courts(criterion: Criterion, known: Mapping[str, Criterion]) -> Iterator[Court]:
    """A court a kind and tier in which ``criterion`` is asked differently, for a common and for the least project."""
    chain = tuple(_needed(criterion, known).values())
    kinds = criterion.kinds if any(set(criterion.kinds) - set(c.kinds) for c in chain) else criterion.kinds[:1]
    tiers = TIERS if any(c.by_tier or c.blocking != c.in_tier("experiment").blocking for c in chain) else TIERS[-1:]
    least = (False, True) if any(_refers(c) for c in chain) else (False,)
    for kind in kinds:
        for tier in tiers:
            for small in least:
                project = _project(kind, tier, small=small)
                needed = tuple(c.in_tier(tier) for c in chain)
                yield Court(needed[0], needed, project, {c.id: _answers(c, project) for c in needed[1:]})


def _answers(required: Criterion, project: ProjectFile) -> tuple[Value, Value]:
    """A value that ``required`` passes on and one that it does not; the same twice if it knows no other."""
    alone = required.model_copy(update={"requires": ()})
    court = Court(alone, (alone,), project, {})
    offered = [(value, court.verdict(value) is Verdict.PASS) for value in values(required, project)]
    any_value = offered[0][0]
    good = next((value for value, passes in offered if passes), any_value)
    return good, next((value for value, passes in offered if not passes), any_value)


def _needed(criterion: Criterion, known: Mapping[str, Criterion]) -> dict[str, Criterion]:
    found = {criterion.id: criterion}
    for name in criterion.requires:
        if name in known and name not in found:
            found |= _needed(known[name], known)
    return found


def _refers(criterion: Criterion) -> bool:
    return isinstance(criterion.pass_, Reference) or isinstance(criterion.warn, Reference)


def _project(kind: Kind, tier: Tier, *, small: bool) -> ProjectFile:
    """A project as they are, or with every number that a threshold may refer to as small as the file allows."""
    about = {"name": _PROJECT, "kind": kind, "tier": tier}
    if small:
        objectives = {"p95": "1 ms", "error_rate": "0 %", "headroom": "0 %"}
        return ProjectFile.model_validate(
            {"project": {**about, "users": 1, "agents": 0}, "target": {}, "objectives": objectives}
        )
    return ProjectFile.model_validate({"project": {**about, "users": 300_000, "agents": 3_000}, "target": {}})


def _fact(criterion: Criterion, value: Value) -> Fact:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    ends = number if criterion.use != "value" else None
    declared = criterion.basis == "declared"
    return Fact(
        id=criterion.fact,
        value=value,
        unit=criterion.unit,
        low=ends,
        high=ends,
        observed_on=DAY if declared else None,
        source="owner, https://proof" if declared else "",
    )


def _evidence(name: str, facts: list[Fact], status: Status) -> Evidence:
    started = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    provenance = Provenance(tool="lint", version="1", command=(), machine=_MACHINE, started=started, duration_s=0.0)
    return Evidence(
        name=name,
        collector="lint",
        project=_PROJECT,
        status=status,
        reason=None if status is Status.COMPLETED else _WHY,
        provenance=provenance,
        facts=tuple(facts),
        digest="sha256:lint",
    )
