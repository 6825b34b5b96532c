"""What to do next: each failure to mend and each answer to obtain, with what it moves in the grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from scorecard.evidence import Text
from scorecard.grading.movement import Standing, after, freed_by, moves, standing
from scorecard.grading.scores import Tally
from scorecard.grading.sentences import enumeration, followed, quoted
from scorecard.scorecard import Action, Judged, Verdict

Effort = Literal["hours", "days", "weeks", "months"]

EFFORT_DAYS: Mapping[Effort, float] = {"hours": 0.5, "days": 3.0, "weeks": 10.0, "months": 40.0}
"""Working days that a word of effort stands for; only their order of magnitude matters."""

_URGENCY = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.WARN: 2}
"""Order among equals: what is known to be broken, what may be, what is nearly good. What was accepted is no action."""

_BESIDE_BLOCKING = len(_URGENCY)


def actions(judged: Mapping[str, Judged], lost: frozenset[str], sums: Tally) -> tuple[Action, ...]:
    """The actions, best first: those that decide (blocking, failures before unknowns), then by points a day of effort.

    Points are those of both ends of the total score. What waits for another answer counts with the action that obtains
    it, and what one collection did not see is one action; what waits for a failed precondition (``lost``) counts at
    the high end with the mending of that. What was waived or is not asked is no action. ``judged`` holds each
    criterion after those it requires, ``sums`` are those of all of them.
    """
    todo = {name: j for name, j in judged.items() if j.verdict in _URGENCY and name not in lost}
    served: dict[tuple[str, ...], list[Judged]] = {}
    for item in todo.values():
        served.setdefault(_cause(_root(item, todo)), []).append(item)
    freed = freed_by(judged, lost)
    if not served:
        return ()
    now = standing(sums)
    found = [_ranked(cause, moved, freed, now) for cause, moved in served.items()]
    return tuple(action for _, action in sorted(found, key=lambda pair: pair[0]))


def _root(judged: Judged, todo: Mapping[str, Judged]) -> Judged:
    """The question to be answered first, so that ``judged`` can be; itself where it waits for none of ``todo``."""
    while judged.waits_for is not None and judged.waits_for in todo:
        judged = todo[judged.waits_for]
    return judged


def _cause(judged: Judged) -> tuple[str, ...]:
    """What all questions have in common that one action settles: why a collection did not see, or the one question."""
    criterion = judged.criterion
    if judged.verdict is Verdict.UNKNOWN and criterion.basis == "measured" and not judged.fell_short:
        return (criterion.evidence, judged.reason.en)
    return (criterion.id,)


def _ranked(
    cause: tuple[str, ...], moved: Sequence[Judged], freed: Mapping[str, Sequence[Judged]], now: Standing
) -> tuple[tuple[int, float, int, str], Action]:
    """The action that settles ``moved``, and its place in the order."""
    same = [m for m in moved if _cause(m) == cause]
    head = min(same, key=lambda m: (not m.criterion.blocking, -m.criterion.weight, m.criterion.id))
    sums = now.sums
    then = standing(after(sums, moved, [f for m in moved for f in freed.get(m.criterion.id, ())]))
    unknown = head.verdict is Verdict.UNKNOWN
    action = Action(
        criterion=head.criterion.id,
        kind="measure" if unknown else "mend",
        gain=round(100 * (then.sums.low - sums.low) / sums.weight, 2),
        gain_high=round(100 * (then.sums.high - sums.high) / sums.weight, 2),
        effort="hours" if unknown else head.criterion.effort,
        text=_to_find_out(head, len(same) - 1) if unknown else _to_mend(head),
        moves=moves(now, then, certain=not unknown),
        command=_command(head) if unknown else None,
    )
    urgency = _URGENCY[head.verdict]
    decides = urgency if any(m.criterion.blocking for m in moved) else _BESIDE_BLOCKING
    points = action.gain + action.gain_high
    return (decides, -points / EFFORT_DAYS[action.effort], urgency, action.criterion), action


def _command(judged: Judged) -> str | None:
    """What to type to get the answer; None where a new run alone would end the same."""
    if judged.criterion.basis == "declared":
        return "portance declare"
    return None if judged.fell_short else "portance run"


def _to_mend(judged: Judged) -> Text:
    """What is wrong, by the question's own title, then what mends it."""
    title = quoted(judged.criterion.title)
    match judged.verdict:
        case Verdict.WARN:
            state = Text(en=f"{title.en} is only nearly met", fr=f"{title.fr} n’est que presque satisfait")
        case _:
            state = Text(en=f"{title.en} is not met", fr=f"{title.fr} n’est pas satisfait")
    return followed(state, judged.criterion.remedy)


def _to_find_out(judged: Judged, others: int) -> Text:
    """What is not known, by the question's own title and how many others with it, then why, or who can tell."""
    title = quoted(judged.criterion.title)
    if judged.criterion.basis == "measured":
        way = judged.criterion.remedy if judged.fell_short else judged.reason
        return followed(_not_established(title, others), way)
    if any("#/facts/" in pointer for pointer in judged.evidence):
        return followed(
            Text(
                en=f"{title.en} was declared, but this does not count any more or not yet",
                fr=f"{title.fr} a été déclaré, mais cela ne vaut plus ou pas encore",
            ),
            judged.reason,
        )
    return followed(
        Text(en=f"Nobody has answered for {title.en}", fr=f"Personne n’a répondu pour {title.fr}"),
        Text(
            en="Have whoever is in charge of it answer under their name, with a date and a link to the proof",
            fr="Le ou la responsable l’atteste en son nom, avec une date et un lien vers la preuve",
        ),
    )


def _not_established(title: Text, others: int) -> Text:
    if not others:
        return Text(en=f"{title.en} could not be established", fr=f"{title.fr} n’a pas pu être établi")
    more = Text(
        en="1 other" if others == 1 else f"{others} others", fr="1 autre" if others == 1 else f"{others} autres"
    )
    names = enumeration([title, more])
    return Text(en=f"{names.en} could not be established", fr=f"{names.fr} n’ont pas pu être établis")
