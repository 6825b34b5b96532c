"""The page "where the time goes": two steps from the rate that is too much to the statement, without script."""

from __future__ import annotations

from scorecard.reports import why
from scorecard.reports.html import CONTENT_SECURITY_POLICY, environment
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import Scorecard


def render(card: Scorecard, lang: str) -> str:
    """The page of ``card`` in ``lang`` ("fr", else English); the same card gives the same bytes."""
    known: Lang = "fr" if lang == "fr" else "en"
    words = Words(known)
    routes = why.routes(card, words)
    totals = [one.busiest.total for one in routes if one.busiest is not None]
    return (
        environment(known)
        .get_template("why.html")
        .render(
            card=card,
            policy=CONTENT_SECURITY_POLICY,
            paces=why.paces(card),
            mends=why.mends(card, words),
            routes=routes,
            kinds=why.KINDS,
            longest=max(totals, default=0.0),
        )
    )
