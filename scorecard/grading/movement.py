"""What an action moves: the sums as they would be after it, and the difference in words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from scorecard.evidence import Text
from scorecard.grading.decision import decide
from scorecard.grading.scores import Tally, credit, range_of
from scorecard.quantities import number
from scorecard.scorecard import Decision, Judged, Verdict


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
    blocking = Counter(m.verdict for m in moved if m.criterion.blocking)
    opened = sum(f.criterion.blocking for f in freed)
    high = math.fsum(m.criterion.weight * (1.0 - credit(m, 1.0)) for m in moved)
    return replace(
        sums,
        low=sums.low + math.fsum(m.criterion.weight * (1.0 - credit(m, 0.0)) for m in moved),
        high=sums.high + high + math.fsum(f.criterion.weight for f in freed),
        failed=sums.failed - blocking[Verdict.FAIL],
        warned=sums.warned - blocking[Verdict.WARN],
        unknown=sums.unknown - blocking[Verdict.UNKNOWN] + opened,
        lost=sums.lost - opened,
    )


def moves(now: Tally, then: Tally, *, certain: bool) -> Text:
    """What changes from ``now`` to ``then``, in words: the gate first, then the ends of the grade.

    With ``certain`` False (an answer to obtain) it is said to hold only if the answer is good.
    """
    said = [text for text in (_gate(now, then), *_ends(now, then)) if text is not None]
    en, fr = "; ".join(t.en for t in said), " ; ".join(t.fr for t in said)
    if certain or not said:
        return Text(en=en, fr=fr)
    return Text(en=f"if the answer is good: {en}", fr=f"si la réponse est bonne : {fr}")


def _bar(required: Judged | None) -> frozenset[str]:
    """The failure itself, where what is required was judged and is not met."""
    barred = required is not None and required.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.WAIVED)
    return frozenset({required.criterion.id}) if required is not None and barred else frozenset()


def _gate(now: Tally, then: Tally) -> Text | None:
    before, decision = decide(now), decide(then)
    if before is decision:
        lifted = now.obstacles - then.obstacles
        if lifted <= 0:
            return None
        of = now.obstacles
        return Text(
            en=f"lifts {'one' if lifted == 1 else lifted} of the {of} obstacles to a go",
            fr=f"lève {'un' if lifted == 1 else lifted} des {of} obstacles au feu vert",
        )
    match decision:
        case Decision.GO if before is Decision.CONDITIONAL:
            return Text(en="lifts the conditions of the go", fr="lève les conditions du feu vert")
        case Decision.GO:
            return Text(en="opens the gate", fr="ouvre la voie au feu vert")
        case Decision.CONDITIONAL:
            return Text(en="opens the gate, under conditions", fr="ouvre la voie à un feu vert sous conditions")
        case Decision.UNDETERMINED | Decision.NO_GO:
            return Text(
                en="lifts the last failure that closes the gate",
                fr="lève le dernier échec qui empêche le feu vert",
            )


def _ends(now: Tally, then: Tally) -> list[Text]:
    old, new = range_of(now), range_of(then)
    if old is None or new is None:
        return []
    found = []
    if old.low != new.low:
        found.append(
            Text(
                en=f"low end of the grade from {old.low} to {new.low}",
                fr=f"bas de la note de {old.low} à {new.low}",
            )
        )
    if old.high != new.high:
        found.append(
            Text(en=f"high end from {old.high} to {new.high}", fr=f"haut de la note de {old.high} à {new.high}")
        )
    if found:
        return found
    points = 100 * (then.low - now.low) / now.weight
    en, fr = (number(points, lang, 2) for lang in ("en", "fr"))
    return [
        Text(
            en=f"low end of the grade up {en} {'point' if en == '1' else 'points'} of 100",
            fr=f"bas de la note en hausse de {fr} {'point' if points < 2 else 'points'} sur 100",
        )
    ]
