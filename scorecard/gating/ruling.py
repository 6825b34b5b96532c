"""The ruling of the gate: the decision of the scorecard, then what the policy refuses beyond it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scorecard.evidence import Text
from scorecard.gating import baseline as against
from scorecard.gating.baseline import Baseline
from scorecard.gating.case import Case
from scorecard.gating.policy import PolicyFile
from scorecard.gating.refusals import Refusal, refusals
from scorecard.grading.waivers import in_force
from scorecard.project import Waiver
from scorecard.quantities import day
from scorecard.scorecard import Decision, Scorecard

BUILT_IN = "built-in"
"""Name of the rule where there is no policy: go and conditional go are met, anything else is not."""


@dataclass(frozen=True)
class Ruling:
    """What the gate answers.

    ``exit_code`` is that of the decision, or worse: 0 met, 1 not met, 2 cannot be told. ``policy`` and ``tables`` say
    by what rules, ``refusals`` what they refuse. ``expired`` are the waivers that no longer count.
    """

    card: Scorecard
    exit_code: int
    policy: str
    tables: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    waived: tuple[Waiver, ...]
    expired: tuple[Waiver, ...]
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
        tables=tuple(clause.name for clause in clauses),
        refusals=tuple(sorted(found, key=lambda r: not r.certain)),
        waived=tuple(valid[name] for name in sorted(valid)),
        expired=tuple(w for w in waivers if w.expires < today),
        baseline=baseline,
    )


def _exit_code(decision: Decision, found: Sequence[Refusal]) -> int:
    """A policy closes what the decision opened; what the decision closed stays closed, as it was closed."""
    if decision.exit_code != 0 or not found:
        return decision.exit_code
    return 1 if any(refusal.certain for refusal in found) else 2


def _revoked(card: Scorecard, baseline: Baseline | None) -> list[Refusal]:
    """A conditional go ends on its day, and with the first regression: a baseline that was accepted shows both."""
    if baseline is None or card.decision is not Decision.CONDITIONAL or baseline.decision not in _ACCEPTED:
        return []
    found: list[Refusal] = []
    if baseline.until is not None and baseline.until < card.graded_on:
        ended = Text(
            en=f"the conditional go of the baseline ended on {day(baseline.until, 'en')}",
            fr=f"le feu vert sous conditions de la référence a pris fin le {day(baseline.until, 'fr')}",
        )
        found.append(Refusal(baseline.name, "revoked", True, ended))
    for judged in against.fallen_back(baseline, card):
        worse = Text(
            en=f"a regression revokes the conditional go: “{judged.criterion.title.en}” is worse than in the baseline",
            fr="une régression met fin au feu vert sous conditions : "
            f"« {judged.criterion.title.fr} » est moins bon que dans la référence",
        )
        found.append(Refusal(baseline.name, "revoked", True, worse, (judged.criterion.id,)))
    return found


_ACCEPTED = (Decision.GO, Decision.CONDITIONAL)
