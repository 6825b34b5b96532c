"""The ``report.json`` of DashLord: what of a scorecard its dashboard has a place for, and the verdict beside it.

DashLord shows grades of its own tools; only figures that mean the same here and there are written, and a figure that is
not known is left out. DashLord counts nothing where a key is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from scorecard.reports import measured
from scorecard.scorecard import Scorecard

FILE_NAME = "dashlord-report.json"
NO_ADDRESS = "https://address-not-given.invalid"
"""Stands for the address of a service that has none yet: ``.invalid`` leads nowhere (RFC 2606)."""

_MENTIONS = ((1.0, "totalement"), (0.5, "partiellement"), (0.0, "non"))
"""Mentions of an accessibility declaration by its rate: RGAA 4.1, article 47 of the law of 11 February 2005."""


def render(card: Scorecard, lang: str) -> str:
    """The report of one address, a JSON list as DashLord writes and reads it; words of the verdict in ``lang``."""
    entry: dict[str, Any] = {
        "url": _url(card),
        "title": card.project.name,
        "category": "portance",
        "tags": [card.project.kind, *([] if card.project.tier is None else [card.project.tier])],
        "summary": dict(_summary(card)),
        "portance": {
            "decision": card.decision.value,
            "sentence": card.decision_reason.in_(lang),
            "grade": {"low": card.grade.low, "high": card.grade.high},
            "users": {"low": card.capacity.users_low, "high": card.capacity.users_high, "wanted": card.project.users},
            "graded_on": card.graded_on.isoformat(),
        },
    }
    return json.dumps([entry], ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _summary(card: Scorecard) -> Iterator[tuple[str, Any]]:
    vulnerable = measured.number(card, "security.vulnerable_dependencies")
    if vulnerable is not None:
        yield "dependabotCount", round(vulnerable)
    found = [measured.number(card, f"security.code_{severity}") for severity in ("high", "medium")]
    if None not in found:
        yield "codescanCount", round(sum(value for value in found if value is not None))
    uptime = measured.number(card, "declared.vde.availability")
    if uptime is not None:
        yield "uptime", round(100 * uptime, 4)
    letter = next((i.value for i in card.indicators if i.id == "dashlord.uptime"), None)
    if isinstance(letter, str):
        yield "uptimeGrade", letter
    declaration, rate = measured.fact(card, "declared.rgaa.declaration"), measured.number(card, "declared.rgaa.rate")
    if declaration is not None and declaration.value is True and rate is not None:
        mention = next(word for least, word in _MENTIONS if rate >= least)
        yield "declaration-a11y", f"Accessibilité : {mention} conforme"


def _url(card: Scorecard) -> str:
    if card.project.address is not None:
        return card.project.address
    return f"{NO_ADDRESS}/{re.sub(r'[^a-z0-9]+', '-', card.project.name.lower()).strip('-')}"
