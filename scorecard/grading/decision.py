"""The decision, what it is bound to, and the one sentence that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import assert_never

from scorecard.evidence import Text, Unit
from scorecard.grading.capacity import USERS_HELD, holds
from scorecard.grading.revocation import terms
from scorecard.grading.scores import Tally, below, ends
from scorecard.grading.sentences import enumeration, named, quoted, sentence
from scorecard.project import ProjectFile, Waiver
from scorecard.quantities import both, day, rounded_down
from scorecard.scorecard import Capacity, Condition, Decision, GradeRange, Judged, Letter, Verdict

LEAST_GRADE: Letter = "C"
"""Low end of the grade below which a go is conditional (ADR 0050): under two thirds of the weight is shown to hold."""

CONDITION_DAYS = 90
"""How long a conditional go lasts: three months, the time GOV.UK leaves to mend what is rated amber."""

NAMED = 3
"""Criteria that the sentence names; the others are counted."""


def decide(sums: Tally) -> Decision:
    """What the one who signs is advised to do.

    A blocking failure closes the gate. Without a blocking criterion to judge, or with one that is unknown (all of them
    are in an empty run), nothing can be decided. A blocking warning or waiver, or a grade whose low end is under
    :data:`LEAST_GRADE`, makes the go conditional.
    """
    if sums.failed:
        return Decision.NO_GO
    if not sums.blocking or sums.obstacles:
        return Decision.UNDETERMINED
    if sums.warned or sums.waived or below(ends(sums)[0], LEAST_GRADE):
        return Decision.CONDITIONAL
    return Decision.GO


def condition(
    decision: Decision,
    judged: Sequence[Judged],
    capacity: Capacity,
    project: ProjectFile,
    waivers: Mapping[str, Waiver],
    today: date,
) -> Condition | None:
    """What a conditional go is bound to, None for any other decision."""
    if decision is not Decision.CONDITIONAL:
        return None
    because = _because(judged)
    ends = [waivers[j.criterion.id].expires for j in because if j.verdict is Verdict.WAIVED]
    low = capacity.users_low
    cap = None if low is None else min(int(rounded_down(low)), project.project.users)
    return Condition(
        users_cap=cap,
        until=min([today + timedelta(days=CONDITION_DAYS), *ends]),
        because=tuple(j.criterion.id for j in because),
        revocation=terms(cap),
    )


def reason(
    decision: Decision,
    judged: Sequence[Judged],
    grade: GradeRange,
    capacity: Capacity,
    bound: Condition | None,
    project: ProjectFile,
) -> Text:
    """The decision in one sentence that a minister's adviser understands."""
    held = holds(capacity.users_low, capacity.users_high, project.project.users)
    match decision:
        case Decision.GO:
            return _joined(Text(en="Go", fr="Feu vert"), [held, _all_met(grade)])
        case Decision.CONDITIONAL:
            assert bound is not None
            named = [j for j in judged if j.criterion.id in bound.because]
            why = _not_fully_met(named) if named else _low(grade)
            return _joined(_go_until(bound), [held, why])
        case Decision.NO_GO:
            others = [j for j in _blocking(judged, Verdict.FAIL) if j.criterion.fact != USERS_HELD]
            said = [held, _not_met(others)] if others else [held]
            return _joined(Text(en="No go today", fr="Pas de feu vert aujourd’hui"), said)
        case Decision.UNDETERMINED:
            said = [held, *_without_answer(_blocking(judged, Verdict.UNKNOWN))]
            return _joined(Text(en="Undetermined", fr="Indéterminé"), said)
        case _:
            assert_never(decision)


def _because(judged: Sequence[Judged]) -> list[Judged]:
    return [j for j in judged if j.criterion.blocking and j.verdict in (Verdict.WARN, Verdict.WAIVED)]


def _blocking(judged: Sequence[Judged], verdict: Verdict) -> list[Judged]:
    return [j for j in judged if j.criterion.blocking and j.verdict is verdict]


def _all_met(grade: GradeRange) -> Text:
    letters = _letters(grade)
    return Text(
        en=f"every blocking question is answered well; grade {letters.en}",
        fr=f"toutes les questions bloquantes ont une bonne réponse ; note {letters.fr}",
    )


def _low(grade: GradeRange) -> Text:
    letters = _letters(grade)
    return Text(
        en=f"nothing blocks, but too much is missing or unknown: grade {letters.en}, {LEAST_GRADE} at least is needed",
        fr=f"rien ne bloque, mais trop manque ou reste inconnu : note {letters.fr}, il faut au moins {LEAST_GRADE}",
    )


def _letters(grade: GradeRange) -> Text:
    if grade.low == grade.high:
        return Text(en=grade.low, fr=grade.low)
    return Text(en=f"{grade.low} to {grade.high}", fr=f"de {grade.low} à {grade.high}")


def _go_until(bound: Condition) -> Text:
    en, fr = day(bound.until, "en"), day(bound.until, "fr")
    if bound.users_cap is None:
        return Text(en=f"Conditional go until {en}", fr=f"Feu vert sous conditions jusqu’au {fr}")
    cap = both(bound.users_cap, Unit.USERS, None)
    return Text(
        en=f"Conditional go for at most {cap.en}, until {en}",
        fr=f"Feu vert sous conditions, pour {cap.fr} au plus, jusqu’au {fr}",
    )


def _not_met(judged: Sequence[Judged]) -> Text:
    names = named([j.criterion.title for j in judged], NAMED)
    if len(judged) == 1:
        return Text(en=f"{names.en} is not met", fr=f"{names.fr} n’est pas satisfait")
    return Text(en=f"{names.en} are not met", fr=f"{names.fr} ne sont pas satisfaits")


def _not_fully_met(judged: Sequence[Judged]) -> Text:
    names = named([j.criterion.title for j in judged], NAMED)
    if len(judged) == 1:
        return Text(en=f"{names.en} is not fully met", fr=f"{names.fr} n’est pas pleinement satisfait")
    return Text(en=f"{names.en} are not fully met", fr=f"{names.fr} ne sont pas pleinement satisfaits")


def _without_answer(unknown: Sequence[Judged]) -> list[Text]:
    """How many blocking questions have no answer; the users held are named beside it already."""
    count = len(unknown)
    if not count:
        nothing = Text(
            en="nothing that could decide was observed", fr="rien de ce qui permettrait de décider n’a été observé"
        )
        return [nothing]
    others = [j for j in unknown if j.criterion.fact != USERS_HELD]
    if not others:
        return []
    en = "1 blocking question has no answer" if count == 1 else f"{count} blocking questions have no answer"
    fr = "1 question bloquante est sans réponse" if count == 1 else f"{count} questions bloquantes sont sans réponse"
    names = enumeration([quoted(j.criterion.title) for j in others[:NAMED]])
    if len(others[:NAMED]) < count:
        return [Text(en=f"{en}, among them {names.en}", fr=f"{fr}, dont {names.fr}")]
    return [Text(en=f"{en}, {names.en}", fr=f"{fr}, {names.fr}")]


def _joined(head: Text, clauses: Sequence[Text]) -> Text:
    en, fr = "; ".join(c.en for c in clauses), " ; ".join(c.fr for c in clauses)
    return sentence(Text(en=f"{head.en}: {en}", fr=f"{head.fr} : {fr}"))
