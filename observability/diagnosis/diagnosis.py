"""A diagnosis: which rule, which route, which place in it, what it costs, what mending it gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scorecard.evidence import Text


class Rule(StrEnum):
    """What can be wrong; the value is the rule of the finding."""

    N_PLUS_ONE = "n-plus-one"
    REPEATED_STATEMENT = "repeated-statement"
    MISSING_INDEX = "missing-index"
    OFFSET_PAGINATION = "offset-pagination"
    COUNT_OF_TABLE = "count-of-table"
    SLOW_STATEMENT = "slow-statement"
    GROWING_STATEMENT = "growing-statement"
    CONNECTION_HELD = "connection-held"
    POOL_WAIT = "pool-wait"
    LOCK_WAIT = "lock-wait"
    BLOCKING_LOG = "blocking-log"
    BLOCKING_CALL = "blocking-call-in-event-loop"
    SERIAL_REMOTE = "serial-remote-calls"
    CHATTY_REMOTE = "chatty-remote"
    UNBOUNDED_REMOTE = "unbounded-remote"
    RETRIES = "retries-that-multiply"
    CLIENT_PER_REQUEST = "client-per-request"
    LARGE_ANSWER = "large-answer"
    TIME_OUTSIDE_SPANS = "time-outside-spans"
    SPAN_EXPLOSION = "span-explosion"
    MEMORY_GROWTH = "memory-growth"
    BROKEN_PROPAGATION = "broken-propagation"


@dataclass(frozen=True)
class Diagnosis:
    """One thing to mend in one route; times in seconds, over all requests of the route that were analysed.

    Attributes:
        place: the statement, the call or the span, without values.
        per_request: how often a request does it, on average; None where a number says nothing.
        spent_s: time that the route spends in it.
        saved_s: time that mending it would save the route; 0 for what costs sight, not time.
        said: what is the matter, without the route.
        at: where in the code it is done (``file:line``), empty where the service does not say.
        places: how many pass at once where requests queue at a door (pool, lock, event loop); 0 for no door.
    """

    rule: Rule
    route: str
    place: str
    per_request: float | None
    spent_s: float
    saved_s: float
    said: Text
    remedy: Text
    at: str = ""
    places: int = 0

    @property
    def sentence(self) -> Text:
        """The route and what is the matter with it."""
        return Text(en=f"{self.route}: {self.said.en}", fr=f"{self.route}\u202f: {self.said.fr}")


def shortened(statement: str, most: int = 120) -> str:
    """``statement`` cut to ``most`` characters for a sentence."""
    return statement if len(statement) <= most else statement[: most - 1].rstrip() + "…"


def percent(share: float) -> Text:
    """A share (0 to 1) as whole per cent, as each language writes it."""
    whole = round(100 * share)
    return Text(en=f"{whole}%", fr=f"{whole}\u202f%")


def milliseconds(seconds: float) -> Text:
    """A time in milliseconds, with one decimal below 10 ms."""
    value = f"{1e3 * seconds:.0f}" if seconds >= 0.01 else f"{1e3 * seconds:.1f}"
    return Text(en=f"{value} ms", fr=f"{value.replace('.', ',')}\u202fms")


def in_order(found: Sequence[Diagnosis]) -> list[Diagnosis]:
    """The diagnosis that would gain the most first; where two gain the same, in the order of the rules."""
    ranks = {rule: rank for rank, rule in enumerate(Rule)}
    return sorted(found, key=lambda d: (-d.saved_s, ranks[d.rule], d.route, d.place))
