"""What an audit of pinned packages against a source of advisories gives, whichever the source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scorecard.evidence import Severity, Text
from security.requirements_file import Pin

CONTROL = Pin("jinja2", "2.4.1")
"""A version known to be vulnerable since 2014 (CVE-2014-1402).

Every source is asked about it too. One that does not know it has no advisory data, or little, and its silence about
another package clears nothing.
"""


@dataclass(frozen=True)
class Advisory:
    """A published vulnerability of one version; ``severity`` is None where the source gives none."""

    id: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]
    severity: Severity | None


@dataclass(frozen=True)
class Audit:
    """What a source says of the packages it was asked about.

    Attributes:
        vulnerable: advisories of each package that has some; the control is not among them.
        unaudited: packages the source can say nothing about.
        blind: whether the source does not know the control, so that it audited nothing.
        gap: why the silence of the source clears nothing, None when it does clear.
        age_days: age of the advisory data, None when it cannot be told.
        source: what was asked, in words.
        raw: what to keep of the answer.
    """

    vulnerable: dict[Pin, tuple[Advisory, ...]]
    unaudited: tuple[str, ...]
    blind: bool
    gap: Text | None
    age_days: float | None
    source: str
    tool: str
    version: str
    command: tuple[str, ...]
    raw: Any


def distinct(advisories: Iterable[Advisory]) -> tuple[Advisory, ...]:
    """``advisories`` with those under another name of the same vulnerability dropped."""
    kept: list[Advisory] = []
    known: set[str] = set()
    for advisory in sorted(advisories, key=lambda advisory: (_rank(advisory.id), advisory.id)):
        names = {advisory.id, *advisory.aliases}
        if not names & known:
            kept.append(advisory)
        known |= names
    return tuple(kept)


def _rank(identifier: str) -> int:
    return next((rank for rank, prefix in enumerate(("PYSEC-", "CVE-", "GHSA-")) if identifier.startswith(prefix)), 3)
