"""Time that no call explains, and requests that make more spans than anybody reads."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from observability.diagnosis.diagnosis import Diagnosis, Rule, milliseconds, percent
from observability.diagnosis.group import Group
from observability.spans import Work
from scorecard.evidence import Text

LONG_S = 0.1
LEAST_SHARE = 0.5
EXPLOSION = 100
SPAN_S = 16e-6
"""What a sampled span costs the process that makes it (measured, docs/decisions/0040)."""

_LOOK_INSIDE = Text(
    en="Profile the handler, and trace the calls it makes: what takes this long is code, or a call that nobody traces.",
    fr="Profiler la route et tracer les appels qu’elle fait\u202f: une telle durée est du code, ou un appel non tracé.",
)
_FEWER_SPANS = Text(
    en="Make one span a call that leaves the process, not one a function or a row; count the rest in an attribute.",
    fr="Une trace par appel qui sort du processus, non par fonction ni par ligne\u202f; compter le reste en attribut.",
)


def outside_spans(group: Group) -> Iterator[Diagnosis]:
    """Routes that spend most of a long time in nothing traced, although few others are under way."""
    own = [r.application for r in group.quiet]
    whole = sum(r.duration for r in group.quiet)
    if whole <= 0 or median(own) < LONG_S or sum(own) < LEAST_SHARE * whole:
        return
    spent = sum(r.application for r in group.requests)
    each, share = milliseconds(median(own)), percent(sum(own) / whole)
    yield Diagnosis(
        Rule.TIME_OUTSIDE_SPANS,
        group.route,
        "own code",
        None,
        spent,
        spent,
        Text(
            en=f"{each.en} a request are spent in nothing that is traced, {share.en} of the time even at low load",
            fr=f"{each.fr} par appel passent hors de tout ce qui est tracé, {share.fr} du temps même à faible charge",
        ),
        _LOOK_INSIDE,
    )


def span_explosion(group: Group) -> Iterator[Diagnosis]:
    """Routes that make spans by the hundred of their own; statements and calls are looked at by other rules."""
    numbers = [sum(1 for c in r.calls if c.work is Work.OTHER) for r in group.requests]
    each = sum(numbers) / len(numbers)
    if each < EXPLOSION:
        return
    names = [c.label for c in group.requests[0].calls if c.work is Work.OTHER]
    place = max(sorted(set(names)), key=names.count) if names else ""
    spent = min(group.total_s, sum(numbers) * SPAN_S)
    yield Diagnosis(
        Rule.SPAN_EXPLOSION,
        group.route,
        place,
        each,
        spent,
        spent,
        Text(
            en=f"{each:.0f} spans a request of its own making ({place}): tracing costs more than it shows",
            fr=f"{each:.0f} traces internes par appel ({place})\u202f: tracer coûte plus que cela n’éclaire",
        ),
        _FEWER_SPANS,
    )
