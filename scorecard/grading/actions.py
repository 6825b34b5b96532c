"""What to do next: each failure to mend and each answer to obtain, with what it moves in the grade."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from scorecard.evidence import Text
from scorecard.grading.scores import credit
from scorecard.scorecard import Action, Judged, Verdict

Effort = Literal["hours", "days", "weeks", "months"]

EFFORT_DAYS: Mapping[Effort, float] = {"hours": 0.5, "days": 3.0, "weeks": 10.0, "months": 40.0}
"""Working days that a word of effort stands for; only their order of magnitude matters."""


def actions(judged: Sequence[Judged], lost: frozenset[str]) -> tuple[Action, ...]:
    """The actions, best first: those that decide (blocking), then by points of the grade per day of effort.

    The gain is in points out of 100 of the low end of the total score. What waits for a failed precondition is left
    out (``lost``): mending the precondition comes first.
    """
    total = math.fsum(j.criterion.weight for j in judged if j.verdict is not Verdict.NOT_APPLICABLE)
    todo = [j for j in judged if _is_open(j) and j.criterion.id not in lost]
    found = [(j.criterion.blocking, _action(j, total)) for j in todo]
    found.sort(key=lambda item: (not item[0], -item[1].gain / EFFORT_DAYS[item[1].effort], item[1].criterion))
    return tuple(action for _, action in found)


def _is_open(judged: Judged) -> bool:
    return judged.verdict in (Verdict.FAIL, Verdict.WAIVED, Verdict.WARN, Verdict.UNKNOWN)


def _action(judged: Judged, total: float) -> Action:
    criterion = judged.criterion
    missing = 1.0 - credit(judged, unknown=0.0)
    gain = round(100 * criterion.weight * missing / total, 2)
    if judged.verdict is Verdict.UNKNOWN:
        return Action(criterion=criterion.id, kind="measure", gain=gain, effort="hours", text=_to_obtain(judged))
    return Action(criterion=criterion.id, kind="mend", gain=gain, effort=criterion.effort, text=criterion.remedy)


def _to_obtain(judged: Judged) -> Text:
    criterion, why = judged.criterion, judged.reason
    if criterion.basis == "declared":
        return Text(
            en=f"Declare {criterion.fact} in portance.toml with its owner, link and date: {criterion.title.en}",
            fr=f"Déclarer {criterion.fact} dans portance.toml, avec responsable, lien et date : {criterion.title.fr}",
        )
    return Text(
        en=f"Have “{criterion.title.en}” measured; it is not, because: {why.en}",
        fr=f"Faire mesurer « {criterion.title.fr} » ; ce ne l’est pas, car : {why.fr}",
    )
