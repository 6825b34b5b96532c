"""Multi-window, multi-burn-rate alerting: how fast an error budget may be spent before somebody is called.

After Google, The Site Reliability Workbook, chapter 5, "Alerting on SLOs", method 6. A burn rate of 1 spends the whole
budget in exactly the period of the objective. Spending ``share`` of it within ``window`` is a burn rate of
``share * period / window``: of 30 days, 2 % in 1 h is 14.4, 5 % in 6 h is 6, 10 % in 3 days is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from observability.operations import OperationsError

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
PERIOD_S = 30 * DAY_S
"""Period of the objectives, as in the workbook's tables."""

MOST_FAILING = 0.9
"""Share of failing requests that calls somebody whatever the budget: above 1 no alert could ever fire."""

LEAST_FAILURES = 5
"""Failures within the long window below which nobody is called: own choice against the workbook's caveat on low
traffic, where one failure among ten requests burns a budget of 0.1 % a hundred times too fast."""

Severity = Literal["page", "ticket"]


@dataclass(frozen=True)
class Pair:
    """A long window that says the budget suffers, a short one that says it still does, and who is told.

    ``spent`` is the share of the budget that may go within the long window; the windows are in seconds.
    """

    name: Literal["fast", "steady", "slow"]
    long_s: int
    short_s: int
    spent: float
    severity: Severity


PAIRS = (
    Pair("fast", HOUR_S, 5 * MINUTE_S, 0.02, "page"),
    Pair("steady", 6 * HOUR_S, 30 * MINUTE_S, 0.05, "page"),
    Pair("slow", 3 * DAY_S, 6 * HOUR_S, 0.10, "ticket"),
)
"""The workbook's recommended starting point (chapter 5, table 5-8): the short window is one twelfth of the long."""


@dataclass(frozen=True)
class Burn:
    """A pair of windows, the share of failing requests above which its alert fires in both, and what that means.

    ``rate`` is how many times too fast the budget is spent at that share, ``spent`` what goes within the long window.
    """

    pair: Pair
    failing: float
    rate: float
    spent: float


def burn_rate(pair: Pair, period_s: int = PERIOD_S) -> float:
    """How many times too fast the budget is spent when ``pair.spent`` of it goes within the long window."""
    return pair.spent * period_s / pair.long_s


def burns(budget: float, period_s: int = PERIOD_S) -> tuple[Burn, ...]:
    """The alerts of an objective that lets the share ``budget`` of requests fail over ``period_s`` seconds.

    No threshold is above :data:`MOST_FAILING`. A pair that would then fire no earlier than a quicker one is left out.

    Raises:
        OperationsError: the budget is nothing, or everything: no rate of failures can be called too fast.
    """
    if not 0.0 < budget < 1.0:
        raise OperationsError(
            f"an objective that lets {budget:.4g} of the requests fail has no error budget to watch: "
            "it must be above 0 % and below 100 %"
        )
    kept: list[Burn] = []
    for pair in PAIRS:
        failing = min(burn_rate(pair, period_s) * budget, MOST_FAILING)
        if not kept or failing < kept[-1].failing:
            rate = failing / budget
            kept.append(Burn(pair, failing, rate, rate * pair.long_s / period_s))
    return tuple(kept)


def window(seconds: int) -> str:
    """A window as Prometheus writes it: 5m, 1h, 3d."""
    for unit, size in (("d", DAY_S), ("h", HOUR_S), ("m", MINUTE_S)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
