"""The ruling of the gate: the decision of the scorecard, then what the policy refuses beyond it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scorecard.gating import baseline as against
from scorecard.gating.baseline import Baseline
from scorecard.gating.case import Case
from scorecard.gating.policy import PolicyFile
from scorecard.gating.refusals import Refusal, refusals
from scorecard.grading.revocation import revoked_by
from scorecard.grading.waivers import in_force
from scorecard.project import Waiver
from scorecard.scorecard import Decision, Scorecard

BUILT_IN = "built-in"
"""Name of the rule where there is no policy: go and conditional go are met, anything else is not."""


@dataclass(frozen=True)
class Ruling:
    """What the gate answers.

    ``exit_code`` is that of the decision, or worse: 0 met, 1 not met, 2 cannot be told. ``policy`` and ``tables`` say
    by what rules (``policy_digest`` is None for the built-in one), ``refusals`` what they refuse.
    """

    card: Scorecard
    exit_code: int
    policy: str
    policy_digest: str | None
    tables: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    waived: tuple[Waiver, ...]
    baseline: Baseline | None


def rule(
    card: Scorecard,
    waivers: Sequence[Waiver] = (),
    *,
    today: date,
    policy: PolicyFile | None = None,
    stage: str | None = None,
    branch: str | None = None,
    baseline: Baseline | None = None,
) -> Ruling:
    """The ruling on ``card`` by ``policy`` (the built-in rule when None), as of ``today``.

    Raises:
        PolicyError: the policy has a hole that only this run shows.
        BaselineError: the baseline cannot be compared with this run.
    """
    if baseline is not None:
        against.check(baseline, card)
    case = Case(card, today, tuple(waivers), baseline)
    clauses = () if policy is None else policy.clauses(stage, branch)
    found: list[Refusal] = [*_revoked(card, baseline)]
    for clause in clauses:
        assert policy is not None
        found.extend(refusals(policy, clause, case))
    valid = in_force(waivers, [j.criterion.id for j in card.judged], today)
    return Ruling(
        card=card,
        exit_code=_exit_code(card.decision, found),
        policy=BUILT_IN if policy is None else policy.name,
        policy_digest=None if policy is None else policy.digest,
        tables=tuple(clause.name for clause in clauses),
        refusals=tuple(sorted(found, key=lambda r: not r.certain)),
        waived=tuple(valid[name] for name in sorted(valid)),
        baseline=baseline,
    )


def _exit_code(decision: Decision, found: Sequence[Refusal]) -> int:
    """A policy closes what the decision opened; what the decision closed stays closed, as it was closed."""
    if decision.exit_code != 0 or not found:
        return decision.exit_code
    return 1 if any(refusal.certain for refusal in found) else 2


def _revoked(card: Scorecard, baseline: Baseline | None) -> list[Refusal]:
    """A conditional go ends on its day, and with the first regression: a baseline that was accepted shows both."""
    if baseline is None or card.decision is not Decision.CONDITIONAL:
        return []
    return [Refusal(baseline.name, "revoked", True, reason) for reason in revoked_by(baseline.past, card)]
