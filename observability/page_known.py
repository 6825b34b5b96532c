"""The facts of the pages, and how one is told that was found, or could not be known."""

from __future__ import annotations

from scorecard.evidence import Fact, Text, Unit

FACTS = {
    "page.count": Unit.COUNT,
    "page.load_time": Unit.SECOND,
    "page.lcp": Unit.SECOND,
    "page.weight": Unit.BYTES,
    "page.requests": Unit.COUNT,
    "page.dom_nodes": Unit.COUNT,
    "page.ecoindex": Unit.TEXT,
    "page.third_parties": Unit.COUNT,
    "page.axe_serious": Unit.COUNT,
    "page.axe_violations": Unit.COUNT,
    "page.axe_to_review": Unit.COUNT,
    "page.rgaa_share": Unit.RATIO,
    "page.without_javascript": Unit.YES_NO,
    "page.fits_phone": Unit.YES_NO,
    "page.small_targets": Unit.COUNT,
    "page.slow_network_load_time": Unit.SECOND,
    "page.signed_in": Unit.COUNT,
    "page.personal_values_sent": Unit.COUNT,
}


def found(fact: str, number: int, gap: Text | None, detail: str = "") -> Fact:
    """A number of finds; with a ``gap`` it is a lower bound, and none found is unknown."""
    if gap is None:
        return Fact(id=fact, value=number, unit=Unit.COUNT, detail=detail)
    if number == 0:
        return unknown(fact, gap)
    why = Text(en=f"at least: {gap.en}", fr=f"au moins : {gap.fr}")
    return Fact(id=fact, value=number, unit=Unit.COUNT, low=number, reason=why, detail=detail)


def unknown(fact: str, gap: Text | None) -> Fact:
    """The fact that it is not known, because of ``gap`` or since no page was seen."""
    return Fact(id=fact, value=None, unit=FACTS[fact], reason=NOT_SEEN if gap is None else gap)


NOT_SEEN = Text(
    en="none of target.pages answers with a page in HTML", fr="aucune page de target.pages ne répond par une page HTML"
)
