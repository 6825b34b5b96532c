"""Statements that one request asks again and again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from observability.diagnosis.diagnosis import Diagnosis, Rule, shortened
from observability.diagnosis.group import Group
from observability.requests import Call, Request
from observability.routes import percentile
from observability.spans import Work
from observability.statements import is_transaction_control
from scorecard.evidence import Text

FEWEST_IN_A_ROW = 5
"""The same statement so many times in one request is one a row: a handful of lookups is not yet a defect."""
FEWEST_APART = 3
LEAST_SHARE = 0.1
"""Share of the route's time below which mending the statement is not worth a line."""

_ONE_A_ROW = Text(
    en="Ask for all rows in one statement: a join, or one lookup with the list of keys (= ANY).",
    fr="Demander toutes les lignes en une seule requête SQL\u202f: jointure, ou recherche par liste de clés (= ANY).",
)
_ASKED_AGAIN = Text(
    en="Ask once and pass the answer on within the request, or keep it for a while where it seldom changes.",
    fr="Poser la question une seule fois et transmettre la réponse, ou la garder un temps si elle change peu.",
)


def find(group: Group) -> Iterator[Diagnosis]:
    """Statements asked once a row (in a row, or in turns with others as often), or asked again between others."""
    counts: dict[str, list[int]] = defaultdict(list)
    times: dict[str, float] = defaultdict(float)
    for request in group.requests:
        for text, number in request.statements.items():
            counts[text].append(number)
        for call in request.calls:
            if call.work is Work.SQL:
                times[call.label] += call.seconds
    for text, numbers in sorted(counts.items()):
        if len(numbers) * 2 < len(group.requests):  # what few requests do is no trait of the route
            continue
        per_request = sum(numbers) / len(group.requests)
        rule = _rule(group.requests, text, numbers)
        saved = times[text] * (1 - len(numbers) / sum(numbers))
        if rule is not None and group.total_s > 0 and saved >= LEAST_SHARE * group.total_s:
            yield _diagnosis(rule, group, text, per_request, times[text], saved)


def _rule(requests: Sequence[Request], text: str, numbers: Sequence[int]) -> Rule | None:
    if median(numbers) < FEWEST_APART:
        return None
    apart = [_is_apart(request.calls, text) for request in requests if request.statements[text] >= FEWEST_APART]
    if sum(apart) * 2 > len(apart):
        return Rule.REPEATED_STATEMENT
    return Rule.N_PLUS_ONE if percentile(sorted(numbers), 0.5) >= FEWEST_IN_A_ROW else None


def _is_apart(calls: Sequence[Call], text: str) -> bool:
    """Whether statements that are not part of the same loop stand between those called ``text``."""
    asked = [c.label for c in calls if c.work is Work.SQL and not is_transaction_control(c.label)]
    number = Counter(asked)
    first, last = asked.index(text), len(asked) - asked[::-1].index(text)
    between = [label for label in asked[first:last] if label != text]
    # In a loop of two statements a row both stand as often as there are rows.
    others = [label for label in between if number[label] * 2 < number[text]]
    return len(others) * 2 >= number[text] - 1


def _diagnosis(rule: Rule, group: Group, text: str, per_request: float, spent: float, saved: float) -> Diagnosis:
    times, brief = f"{per_request:.0f}", shortened(text)
    if rule is Rule.N_PLUS_ONE:
        said = Text(
            en=f"{times} statements a request, the same one: {brief}",
            fr=f"{times} requêtes SQL par appel, toujours la même\u202f: {brief}",
        )
    else:
        said = Text(
            en=f"the same statement is asked {times} times a request, between others: {brief}",
            fr=f"la même requête SQL est posée {times} fois par appel, entre d’autres\u202f: {brief}",
        )
    remedy = _ONE_A_ROW if rule is Rule.N_PLUS_ONE else _ASKED_AGAIN
    return Diagnosis(rule, group.route, text, per_request, spent, saved, said, remedy)
