"""Connections to the database that are held while the request waits for another service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from observability.diagnosis.diagnosis import Diagnosis, Rule, milliseconds, percent
from observability.diagnosis.group import MIN_REQUESTS, Group
from observability.diagnosis.outgoing import name_of
from observability.requests import Call, Request, merged_length
from observability.spans import Work
from observability.statements import is_transaction_control
from scorecard.evidence import Text

LEAST_SHARE = 0.3
"""Share of the time of the requests below which a call within a transaction is not worth moving."""

_CALL_BEFORE = Text(
    en="Call before the first statement or after COMMIT; what must go together is written down first and sent later "
    "(outbox).",
    fr="Appeler avant la première requête SQL ou après COMMIT\u202f; ce qui doit aller ensemble est d’abord écrit, "
    "puis envoyé (outbox).",
)


def find(group: Group) -> Iterator[Diagnosis]:
    """Routes that call another service between the first statement of a transaction and its end.

    Nothing is gained by it while there are connections enough; it counts as the wait it makes others have, which the
    caller knows.
    """
    held = [(r, calls) for r in group.requests if (calls := _within_transactions(r))]
    if len(held) < MIN_REQUESTS or len(held) * 2 < len(group.requests):
        return
    seconds = [_length(calls) for _, calls in held]
    # With many under way most of the time is the wait for a connection, which is what this leads to.
    whole, quiet = sum(r.duration for r in group.quiet), sum(_length(_within_transactions(r)) for r in group.quiet)
    if whole <= 0 or quiet < LEAST_SHARE * whole:
        return
    ((place, _),) = Counter(name_of(c) for _, calls in held for c in calls).most_common(1)
    each, share = milliseconds(sum(seconds) / len(held)), percent(quiet / whole)
    yield Diagnosis(
        Rule.CONNECTION_HELD,
        group.route,
        place,
        len(held) / len(group.requests),
        sum(seconds),
        0.0,
        Text(
            en=f"keeps a connection to the database while it waits for another service ({place}), {each.en} a "
            f"request, {share.en} of the time at low load",
            fr=f"garde une connexion à la base pendant qu’elle attend un autre service ({place}), {each.fr} par appel, "
            f"{share.fr} du temps à faible charge",
        ),
        _CALL_BEFORE,
    )


def _within_transactions(request: Request) -> list[Call]:
    """Outgoing calls made while a transaction is open that the request ends afterwards."""
    waiting: list[Call] = []
    found: list[Call] = []
    is_open = False
    for call in request.calls:
        if call.work is Work.REMOTE and is_open:
            waiting.append(call)
        elif call.work is Work.SQL and not is_transaction_control(call.label):
            is_open = True
        elif call.work is Work.SQL and _ends(call.label):
            # Without an end that was seen each statement may have been a transaction of its own.
            found += waiting
            waiting, is_open = [], False
    return found


def _length(calls: Sequence[Call]) -> float:
    return merged_length([(c.start_ns, c.end_ns) for c in calls]) / 1e9


def _ends(statement: str) -> bool:
    return statement[:8].upper().startswith(("COMMIT", "ROLLBACK", "END"))
