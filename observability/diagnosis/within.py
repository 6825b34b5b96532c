"""What a request does in its own process and waits for: clients that it makes, lines that it logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from observability.calls import MADE
from observability.diagnosis.diagnosis import Diagnosis, Rule, milliseconds, percent
from observability.diagnosis.group import MIN_REQUESTS, Group
from observability.inside import LOG_RECORD
from observability.requests import Call, Request
from observability.spans import Work
from scorecard.evidence import Text

LEAST_MADE_S = 0.002
"""Half of the requests have to spend so much on it: a client reads certificates for ten or twenty milliseconds, and a
connection is opened in a few, but a client that is given its certificates is made in a tenth of one."""
LEAST_MADE = 0.05
"""Share of the route's time from which on making clients is worth a line; a connection not kept costs more than this
shows."""
LEAST_LOGGED = 0.3

_MAKE_ONCE = Text(
    en="Make it once, when the service starts, and share it: it keeps its connections and its certificates.",
    fr="Le créer une seule fois au démarrage et le partager\u202f: il garde ses connexions et ses certificats.",
)
_LOG_ASIDE = Text(
    en="Log into a queue that a thread of its own empties (QueueHandler and QueueListener), or to standard output.",
    fr="Journaliser dans une file vidée par un fil à part (QueueHandler et QueueListener), ou sur la sortie standard.",
)


def clients_made(group: Group) -> Iterator[Diagnosis]:
    """Routes that make a client, or a connection to the database, for most of their requests."""
    made = [c for r in group.requests for c in r.calls if c.work is Work.OTHER and c.label.startswith(MADE)]
    each_s = [sum(c.seconds for c in r.calls if c.label.startswith(MADE)) for r in group.requests]
    making, spent = sum(1 for seconds in each_s if seconds > 0), sum(each_s)
    # The median, since the first of all reads from the disk what the others find in memory.
    if making < MIN_REQUESTS or median(each_s) < LEAST_MADE_S or spent < LEAST_MADE * group.total_s:
        return
    ((name, _),) = Counter(c.label for c in made).most_common(1)
    place = name.removeprefix(MADE)
    each, share = milliseconds(spent / making), percent(spent / group.total_s)
    yield Diagnosis(
        Rule.CLIENT_PER_REQUEST,
        group.route,
        place,
        len(made) / len(group.requests),
        spent,
        spent,
        Text(
            en=f"{place} is made anew for each request, {each.en} each time, {share.en} of the time, and its "
            "connections are thrown away",
            fr=f"{place} est recréé à chaque appel, {each.fr} à chaque fois, {share.fr} du temps, et ses connexions "
            "sont perdues",
        ),
        _MAKE_ONCE,
    )


def logs(group: Group) -> Iterator[Diagnosis]:
    """Routes that wait for their log lines to be written, even while few others are under way."""
    quiet = _logged(group.quiet)
    whole = sum(r.duration for r in group.quiet)
    lines = _logged(group.requests)
    if len(lines) < MIN_REQUESTS or whole <= 0 or sum(c.seconds for c in quiet) < LEAST_LOGGED * whole:
        return
    spent = sum(c.seconds for c in lines)
    each, share = milliseconds(spent / len(group.requests)), percent(spent / group.total_s)
    yield Diagnosis(
        Rule.BLOCKING_LOG,
        group.route,
        LOG_RECORD,
        len(lines) / len(group.requests),
        spent,
        spent,
        Text(
            en=f"it waits for its log lines to be written, {each.en} a request, {share.en} of the time",
            fr=f"elle attend l’écriture de ses lignes de journal, {each.fr} par appel, {share.fr} du temps",
        ),
        _LOG_ASIDE,
    )


def _logged(requests: Sequence[Request]) -> list[Call]:
    return [c for r in requests for c in r.calls if c.work is Work.OTHER and c.label == LOG_RECORD]
