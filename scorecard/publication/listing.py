"""The portfolio of what is kept, as the caller may see it."""

from __future__ import annotations

from datetime import date

from scorecard.criteria import catalogue
from scorecard.evidence import Text
from scorecard.portfolio import Portfolio, portfolio
from scorecard.publication import store
from scorecard.publication.members import Db
from scorecard.publication.roles import Caller


def titles() -> dict[str, Text]:
    """Titles of the catalogue in both languages, by criterion; a run keeps them in English alone."""
    return {criterion.id: criterion.title for criterion in catalogue()}


def portfolio_of(connection: Db, asking: Caller, today: date) -> Portfolio:
    """All projects that ``asking`` may see, as of ``today``."""
    return portfolio(store.records(connection, asking.project), (), titles(), today)
