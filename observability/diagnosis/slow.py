"""Statements that take long by themselves, and those that wait for a lock of the database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import mean, median

from observability.diagnosis.diagnosis import Diagnosis, Rule, milliseconds, percent, shortened
from observability.diagnosis.group import MIN_REQUESTS, Group
from observability.requests import Request
from observability.routes import percentile
from observability.spans import Work
from observability.statements import is_transaction_control
from scorecard.evidence import Text

SLOW_S = 0.02
"""A lookup by an index takes well under a millisecond, on a quarter of a busy core up to fifteen; twenty say that rows
are read one by one or that it waits."""
SAID_S = 0.01
"""Half of that is enough where the text itself says why: it counts, or skips rows."""
LEAST_SHARE = 0.3
SLOWER = 5.0
"""So many times slower than others of the same requests is slow by itself: those wait for the processor as long as it
does. One that waits for a lock is at its fastest so many times faster than it mostly is, too."""

_LOCKS = re.compile(
    r"(?:update|delete|insert|merge|lock)\b|.*\bfor (?:no key )?update\b(?!.*\bskip locked\b)|.*\bpg_advisory_",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"\boffset (?:\?|\()", re.IGNORECASE)
_COUNT = re.compile(r"select count\s*\(", re.IGNORECASE)
_READ_LESS = Text(
    en="Look at its plan (EXPLAIN ANALYZE): an index on what it filters and sorts by, or fewer rows read.",
    fr="Regarder son plan (EXPLAIN ANALYZE)\u202f: index sur ce qu’elle filtre et trie, ou moins de lignes lues.",
)
_NEXT_PAGE = Text(
    en="Begin the next page after the last row of the one before (WHERE key > … ORDER BY key LIMIT …).",
    fr="Commencer la page suivante après la dernière ligne de la précédente (WHERE clé > … ORDER BY clé LIMIT …).",
)
_COUNT_LESS = Text(
    en="Keep the number beside the rows, show an estimate (pg_class.reltuples), or say only whether there is a next "
    "page.",
    fr="Tenir le nombre à côté des lignes, afficher une estimation (pg_class.reltuples), ou dire seulement s’il y a "
    "une page suivante.",
)
_WHY: dict[Rule, tuple[Text, Text]] = {
    Rule.SLOW_STATEMENT: (Text(en="", fr=""), _READ_LESS),
    Rule.OFFSET_PAGINATION: (
        Text(
            en="reads and throws away the rows before the page (OFFSET) and ",
            fr="lit puis jette les lignes d’avant la page (OFFSET) et ",
        ),
        _NEXT_PAGE,
    ),
    Rule.COUNT_OF_TABLE: (Text(en="counts rows one by one and ", fr="compte les lignes une à une et "), _COUNT_LESS),
}
_LOCK_LESS = Text(
    en="Keep the transaction short and lock a row of one's own: no row that all share, no remote call under a lock.",
    fr="Écourter la transaction et ne verrouiller qu’une ligne propre à chacun\u202f: ni ligne commune à tous, "
    "ni appel distant sous verrou.",
)


def find(group: Group) -> Iterator[Diagnosis]:
    """Statements slow although few others were under way; statements that lock, fast alone and slow together."""
    waits = set()
    for diagnosis in _locks(group):
        waits.add(diagnosis.place)
        yield diagnosis
    yield from (d for d in _slow(group) if d.place not in waits)


def _slow(group: Group) -> Iterator[Diagnosis]:
    quiet_total = sum(request.duration for request in group.quiet)
    everywhere = times_of(group.requests)
    usual = {text: median(times) for text, times in times_of(group.quiet, control=True).items()}
    for text, times in sorted(times_of(group.quiet).items()):
        # Even its fast runs are slow: one that is slow now and then waits for something else. Not so a first page.
        rule = _kind(text)
        fast = 0.75 if rule is Rule.OFFSET_PAGINATION else 0.25
        least = SLOW_S if rule is Rule.SLOW_STATEMENT else SAID_S
        if percentile(sorted(times), fast) < least or sum(times) < LEAST_SHARE * quiet_total:
            continue
        # Where even the fastest of the others, a COMMIT mostly, is as slow, it is the machine or the way there.
        fastest_other = min((one for other, one in usual.items() if other != text), default=0.0)
        if len(everywhere[text]) < MIN_REQUESTS or usual[text] < SLOWER * fastest_other:
            continue
        spent = min(sum(everywhere[text]), group.total_s)
        typical, share = milliseconds(median(times)), percent(min(1.0, sum(times) / quiet_total))
        why, remedy = _WHY[rule]
        yield Diagnosis(
            rule,
            group.route,
            text,
            len(everywhere[text]) / len(group.requests),
            spent,
            spent * max(0.0, 1 - 0.001 / median(times)),
            Text(
                en=f"one statement {why.en}takes {typical.en} even at low load, {share.en} of the time: "
                f"{shortened(text)}",
                fr=f"une requête SQL {why.fr}prend {typical.fr} même à faible charge, {share.fr} du temps\u202f: "
                f"{shortened(text)}",
            ),
            remedy,
        )


def _kind(text: str) -> Rule:
    if _OFFSET.search(text):
        return Rule.OFFSET_PAGINATION
    return Rule.COUNT_OF_TABLE if _COUNT.match(text) else Rule.SLOW_STATEMENT


def _locks(group: Group) -> Iterator[Diagnosis]:
    times = times_of(group.requests, control=True)
    for text, mine in sorted(times.items()):
        if len(mine) < MIN_REQUESTS or not _LOCKS.match(text):
            continue
        usual, fastest = median(mine), percentile(sorted(mine), 0.02)
        others = [t for other, found in times.items() if other != text for t in found]
        if usual < SLOW_S or usual < SLOWER * fastest or (others and usual < SLOWER * median(others)):
            continue
        spent = min(sum(mine), group.total_s)
        saved = max(0.0, spent - fastest * len(mine))
        if not others or saved < LEAST_SHARE * group.total_s:
            continue
        alone, together = milliseconds(fastest), milliseconds(mean(mine))
        yield Diagnosis(
            Rule.LOCK_WAIT,
            group.route,
            text,
            len(mine) / len(group.requests),
            spent,
            saved,
            Text(
                en=f"a statement waits for a lock, {together.en} where it needs {alone.en}: {shortened(text)}",
                fr=f"une requête SQL attend un verrou, {together.fr} au lieu de {alone.fr}\u202f: {shortened(text)}",
            ),
            _LOCK_LESS,
            places=1,
        )


def times_of(requests: Sequence[Request], *, control: bool = False) -> dict[str, list[float]]:
    times: dict[str, list[float]] = defaultdict(list)
    for request in requests:
        for call in request.calls:
            if call.work is Work.SQL and (control or not is_transaction_control(call.label)):
                times[call.label].append(call.seconds)
    return times
