"""What an action moves: the sums as they would be after it, and the difference in words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from scorecard.evidence import Text
from scorecard.grading.decision import decide
from scorecard.grading.scores import Tally, credit, ends
from scorecard.quantities import number
from scorecard.scorecard import Decision, Judged, Letter, Verdict

_Clause = tuple[str, str]
"""A clause in English and in French."""


def freed_by(judged: Mapping[str, Judged], lost: frozenset[str]) -> dict[str, list[Judged]]:
    """For each failure the unknowns that only it keeps from passing; ``judged`` holds each after what it requires."""
    bars: dict[str, frozenset[str]] = {}
    freed: dict[str, list[Judged]] = defaultdict(list)
    for name, item in judged.items():
        if name not in lost:
            continue
        bars[name] = frozenset(b for r in item.criterion.requires for b in bars.get(r, _bar(judged.get(r))))
        if len(bars[name]) == 1:
            freed[next(iter(bars[name]))].append(item)
    return freed


def after(sums: Tally, moved: Sequence[Judged], freed: Sequence[Judged]) -> Tally:
    """``sums`` once ``moved`` pass and ``freed`` may pass again."""
    low, high = [sums.low], [sums.high]
    blocking: Counter[Verdict] = Counter()
    for item in moved:
        criterion = item.criterion
        low.append(criterion.weight * (1.0 - credit(item, 0.0)))
        high.append(criterion.weight * (1.0 - credit(item, 1.0)))
        if criterion.blocking:
            blocking[item.verdict] += 1
    opened = sum(f.criterion.blocking for f in freed)
    return Tally(
        weight=sums.weight,
        low=math.fsum(low),
        high=math.fsum([*high, *(f.criterion.weight for f in freed)]),
        blocking=sums.blocking,
        failed=sums.failed - blocking[Verdict.FAIL],
        waived=sums.waived,
        warned=sums.warned - blocking[Verdict.WARN],
        unknown=sums.unknown - blocking[Verdict.UNKNOWN] + opened,
        lost=sums.lost - opened,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a judgement stands: its sums and what they come to."""

    sums: Tally
    decision: Decision
    low: Letter
    high: Letter


def standing(sums: Tally) -> Standing:
    """Where ``sums`` stand; something was asked."""
    return Standing(sums, decide(sums), *ends(sums))


def moves(now: Standing, then: Standing, *, certain: bool) -> Text:
    """What changes from ``now`` to ``then``, in words: the gate first, then the ends of the grade.

    With ``certain`` False (an answer to obtain) it is said to hold only if the answer is good.
    """
    said = [clause for clause in (_gate(now, then), *_grade(now, then)) if clause is not None]
    en, fr = "; ".join(c[0] for c in said), " ; ".join(c[1] for c in said)
    if certain:
        return Text(en=en, fr=fr)
    return Text(en=f"if the answer is good: {en}", fr=f"si la réponse est bonne : {fr}")


def _bar(required: Judged | None) -> frozenset[str]:
    """The failure itself, where what is required was judged and is not met."""
    barred = required is not None and required.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.WAIVED)
    return frozenset({required.criterion.id}) if required is not None and barred else frozenset()


def _gate(now: Standing, then: Standing) -> _Clause | None:
    if now.decision is then.decision:
        of = now.sums.obstacles
        lifted = of - then.sums.obstacles
        if lifted <= 0:
            return None
        return (
            f"lifts {'one' if lifted == 1 else lifted} of the {of} obstacles to a go",
            f"lève {'un' if lifted == 1 else lifted} des {of} obstacles au feu vert",
        )
    match then.decision:
        case Decision.GO if now.decision is Decision.CONDITIONAL:
            return "lifts the conditions of the go", "lève les conditions du feu vert"
        case Decision.GO:
            return "opens the gate", "ouvre la voie au feu vert"
        case Decision.CONDITIONAL:
            return "opens the gate, under conditions", "ouvre la voie à un feu vert sous conditions"
        case Decision.UNDETERMINED | Decision.NO_GO:
            return "lifts the last failure that closes the gate", "lève le dernier échec qui empêche le feu vert"
        case _:
            assert_never(then.decision)


def _grade(now: Standing, then: Standing) -> list[_Clause]:
    found = []
    if now.low != then.low:
        found.append(
            (f"low end of the grade from {now.low} to {then.low}", f"bas de la note de {now.low} à {then.low}")
        )
    if now.high != then.high:
        found.append((f"high end from {now.high} to {then.high}", f"haut de la note de {now.high} à {then.high}"))
    if found:
        return found
    points = 100 * (then.sums.low - now.sums.low) / now.sums.weight
    en, fr = number(points, "en", 2), number(points, "fr", 2)
    return [
        (
            f"low end of the grade up {en} {'point' if en == '1' else 'points'} of 100",
            f"bas de la note en hausse de {fr} {'point' if points < 2 else 'points'} sur 100",
        )
    ]
