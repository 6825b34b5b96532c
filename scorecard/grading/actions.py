"""What to do next: each failure to mend and each answer to obtain, with what it moves in the grade."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from scorecard.evidence import Text
from scorecard.grading.scores import credit
from scorecard.grading.sentences import followed, quoted
from scorecard.scorecard import Action, Judged, Verdict

Effort = Literal["hours", "days", "weeks", "months"]

EFFORT_DAYS: Mapping[Effort, float] = {"hours": 0.5, "days": 3.0, "weeks": 10.0, "months": 40.0}
"""Working days that a word of effort stands for; only their order of magnitude matters."""

_URGENCY = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.WAIVED: 2, Verdict.WARN: 3}
"""Order among equals: what is known to be broken, what may be, what was accepted, what is nearly good."""

_BESIDE_BLOCKING = len(_URGENCY)


def actions(judged: Sequence[Judged], lost: frozenset[str]) -> tuple[Action, ...]:
    """The actions, best first: those that decide (blocking, failures before unknowns), then by points a day of effort.

    The gain is in points out of 100 of the low end of the total score. What waits for a failed precondition is left
    out (``lost``): mending the precondition comes first.
    """
    total = math.fsum(j.criterion.weight for j in judged if j.verdict is not Verdict.NOT_APPLICABLE)
    todo = [j for j in judged if j.verdict in _URGENCY and j.criterion.id not in lost]
    found = [(j, _action(j, total)) for j in todo]
    found.sort(key=lambda item: _rank(*item))
    return tuple(action for _, action in found)


def _rank(judged: Judged, action: Action) -> tuple[int, float, int, str]:
    urgency = _URGENCY[judged.verdict]
    decides = urgency if judged.criterion.blocking else _BESIDE_BLOCKING
    return decides, -action.gain / EFFORT_DAYS[action.effort], urgency, action.criterion


def _action(judged: Judged, total: float) -> Action:
    criterion = judged.criterion
    gain = round(100 * criterion.weight * (1.0 - credit(judged, unknown=0.0)) / total, 2)
    if judged.verdict is Verdict.UNKNOWN:
        return Action(criterion=criterion.id, kind="measure", gain=gain, effort="hours", text=_to_find_out(judged))
    return Action(criterion=criterion.id, kind="mend", gain=gain, effort=criterion.effort, text=_to_mend(judged))


def _to_mend(judged: Judged) -> Text:
    """What is wrong, by the question's own title, then what mends it."""
    title = quoted(judged.criterion.title)
    match judged.verdict:
        case Verdict.WARN:
            state = Text(en=f"{title.en} is only nearly met", fr=f"{title.fr} n’est satisfait qu’à peu près")
        case Verdict.WAIVED:
            state = Text(
                en=f"{title.en} is not met, which is accepted for a time only",
                fr=f"{title.fr} n’est pas satisfait, ce qui n’est accepté que pour un temps",
            )
        case _:
            state = Text(en=f"{title.en} is not met", fr=f"{title.fr} n’est pas satisfait")
    return followed(state, judged.criterion.remedy)


def _to_find_out(judged: Judged) -> Text:
    """What is not known, by the question's own title, then why, or who can tell."""
    title = quoted(judged.criterion.title)
    if judged.criterion.basis == "measured":
        return followed(
            Text(en=f"{title.en} could not be established", fr=f"{title.fr} n’a pas pu être établi"), judged.reason
        )
    if any("#/facts/" in pointer for pointer in judged.evidence):
        return followed(
            Text(
                en=f"{title.en} was declared, but this does not count any more or not yet",
                fr=f"{title.fr} a été déclaré, mais cela ne vaut plus ou pas encore",
            ),
            judged.reason,
        )
    return followed(
        Text(en=f"Nobody has answered for {title.en}", fr=f"Personne n’a répondu de {title.fr}"),
        Text(
            en="Whoever is in charge of it says so under their name, with a date and a link to the proof",
            fr="Le ou la responsable l’atteste en son nom, avec une date et un lien vers la preuve",
        ),
    )
