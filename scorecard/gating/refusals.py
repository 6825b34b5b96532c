"""What a policy refuses: one refusal for each rule that is not met or cannot be told, with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scorecard.evidence import Text
from scorecard.gating import demands, regressions
from scorecard.gating.case import Case, Said
from scorecard.gating.policy import Clause, PolicyError, PolicyFile, Rules

RULES: dict[str, Callable[[Rules, Case], Iterator[Said]]] = {
    "accept": demands.accept,
    "conditional_until": demands.conditional_until,
    "blocking": demands.blocking,
    "new_failures": regressions.new_failures,
    "new_findings": regressions.new_findings,
    "capacity_drop": regressions.capacity_drop,
    "grade_drop": regressions.grade_drop,
    "lost_answers": regressions.lost_answers,
    "grade": demands.grade,
    "domains": demands.domains,
    "coverage": demands.coverage,
    "max_age_days": demands.max_age_days,
    "waivers": demands.waivers,
    "baseline": regressions.baseline,
}
"""Every key of a table of rules, the gravest first."""


@dataclass(frozen=True)
class Refusal:
    """Why a policy refuses: ``certain`` when it is not met, else it cannot be told. ``at`` is the line of the rule."""

    at: str
    rule: str
    certain: bool
    text: Text
    criteria: tuple[str, ...] = ()


def refusals(policy: PolicyFile, clause: Clause, case: Case) -> Iterator[Refusal]:
    """Every refusal of one table of rules, in the order of :data:`RULES`.

    Raises:
        PolicyError: it names a criterion that does not exist, or compares with a baseline and none was given.
    """
    _check(policy, clause, case)
    for rule, ask in RULES.items():
        if rule in clause.rules.model_fields_set:
            for said in ask(clause.rules, case):
                yield Refusal(policy.at(*clause.path, rule), rule, said.certain, said.text, said.criteria)


def _check(policy: PolicyFile, clause: Clause, case: Case) -> None:
    known = {j.criterion.id for j in case.card.judged}
    unknown = next((name for name in clause.rules.blocking if name not in known), None)
    if unknown is not None:
        raise PolicyError(f"{policy.at(*clause.path, 'blocking')}: blocking: there is no criterion {unknown!r}")
    if case.baseline is None and clause.rules.against_baseline:
        rule = next(rule for rule in RULES if rule in clause.rules.against_baseline)
        raise PolicyError(f"{policy.at(*clause.path, rule)}: {rule}: needs a baseline, and none was given (--baseline)")
