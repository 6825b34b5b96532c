"""Whether what is shown to one person may be kept by a cache, and shown to the next."""

from __future__ import annotations

from collections.abc import Iterable

from scorecard.evidence import Fact, Severity, Text, Unit
from scorecard.journeys.exchange import Reply
from scorecard.journeys.person import Exchange
from security.observation import Seen, count, unknown
from security.resemblance import echoed
from security.rules import Hit, Rule
from security.trial import SHORTEST_ECHO, TYPED, is_signed_in_read, route
from security.walk import Walk

FACT = "security.personal_pages_cacheable"
_REMEDY = (
    "Send Cache-Control: no-store with every answer that is for one person; set it once, for all but static files."
)
_STORABLE = Rule(Severity.MEDIUM, "CWE-525", "v5.0.0-14.3.2", _REMEDY)
_SHARED = Rule(Severity.HIGH, "CWE-524", "v5.0.0-14.2.2", _REMEDY)
_SERVED = Rule(
    Severity.CRITICAL,
    "CWE-524",
    "v5.0.0-14.2.2",
    "Take the answer out of every shared cache, empty the caches, and send Cache-Control: no-store.",
)
_FORBIDS = frozenset({"no-store", "private"})
_INVITES = frozenset({"public", "s-maxage", "immutable"})


def look(url: str, pairs: Iterable[tuple[Walk, Walk | None]]) -> Seen:
    """How many routes give personal values in answers that a shared cache may keep.

    An answer is personal when it holds what the person typed or was given alone. It may be kept unless Cache-Control
    says ``no-store`` or ``private`` (RFC 9111, 3). The second of a pair asked for the same after the first: what the
    first typed and the second is shown was kept for real.
    """
    hits: dict[tuple[str, str], Hit] = {}
    personal: set[str] = set()
    gaps: list[Text] = []
    for first, second in pairs:
        if first.trouble is not None:
            gaps.append(first.trouble)
        own = _own(first, second, typed_only=False)
        for exchange in _reads(url, first):
            place = route(exchange.sent, first.person.values)
            if not echoed(own, exchange.reply, ""):
                continue
            personal.add(place)
            directives = _directives(exchange.reply)
            if not _FORBIDS & directives:
                hits[place, "stored"] = _stored(place, exchange.reply, invited=bool(_INVITES & directives))
        if second is not None and first.journey.persona == "citizen":
            typed = _own(first, second, typed_only=True)
            for exchange in _reads(url, second):
                place = route(exchange.sent, second.person.values)
                if echoed(typed, exchange.reply, exchange.sent.url):
                    hits[place, "served"] = _served(place)
    gap = gaps[0] if gaps else None
    return Seen(facts=(_fact(hits, personal, gap),), hits=tuple(hits.values()), gap=gap)


def _reads(url: str, walk: Walk) -> list[Exchange]:
    return [exchange for _, exchange in walk.exchanges() if is_signed_in_read(url, exchange)]


def _own(first: Walk, second: Walk | None, *, typed_only: bool) -> list[str]:
    """Values of the first person that the second has not."""
    given = {name for stride in first.strides for name in stride.taken.kept}
    names = set(TYPED) if typed_only else {*TYPED, *given}
    others = set() if second is None else {str(value) for value in second.person.values.values()}
    values = (str(value) for name, value in first.person.values.items() if name in names)
    return [value for value in values if len(value) >= SHORTEST_ECHO and value not in others]


def _directives(reply: Reply) -> set[str]:
    header = next((v for k, v in reply.headers.items() if k.lower() == "cache-control"), "")
    return {word.strip().partition("=")[0].lower() for word in header.split(",")}


def _fact(hits: dict[tuple[str, str], Hit], personal: set[str], gap: Text | None) -> Fact:
    if not personal and not hits:
        return unknown(FACT, Unit.COUNT, _NONE if gap is None else gap)
    return count(FACT, len({place for place, _ in hits}), gap, f"of {len(personal)} routes with personal values")


def _stored(place: str, reply: Reply, *, invited: bool) -> Hit:
    said = next((v for k, v in reply.headers.items() if k.lower() == "cache-control"), "")
    how = f"Cache-Control: {said[:80]}" if said else "no Cache-Control"
    return Hit(
        category="caching",
        rule="personal-page-cacheable",
        what=_SHARED if invited else _STORABLE,
        location=place,
        place=place,
        trait="cache-control",
        message=f"{place} answers a signed-in person with their own values and {how}: a cache on the way may keep it.",
        confidence="HIGH",
    )


def _served(place: str) -> Hit:
    return Hit(
        category="caching",
        rule="personal-page-served-to-others",
        what=_SERVED,
        location=place,
        place=place,
        trait="served",
        message=f"{place}, asked by one person and then by another, shows the second what the first had typed.",
        confidence="HIGH",
    )


_NONE = Text(
    en="no answer in the journeys held a value of the person who was signed in, so a cache had nothing to keep",
    fr="aucune réponse des parcours ne contenait de valeur de la personne connectée, il n’y avait donc rien qu’un "
    "cache puisse garder",
)
