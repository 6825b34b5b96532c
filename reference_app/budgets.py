"""How long each kind of request may take, and how full a worker may be when one more is let in (docs/decisions/0201).

Read as a table: the first line that fits counts. What people look at is refused first, what they would lose is refused
last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds a request may take, and the share of the places of a worker (0 to 1) up to which it is let in."""

    seconds: float
    share: float


LOOKING: Final = Budget(2.0, 0.25)
READING: Final = Budget(3.0, 0.5)
BOOKING: Final = Budget(3.0, 1.0)
FILING: Final = Budget(5.0, 1.0)

_READS = frozenset({"GET", "HEAD"})
_TABLE: tuple[tuple[bool, re.Pattern[str], Budget], ...] = (
    (True, re.compile(r"/procedures/.*|/api/v1/procedures/[^/]+/lieux.*"), LOOKING),
    (
        True,
        re.compile(r"(/api/v1)?(/agent)?/(dossiers|rendez-vous)(/[^/]+)?|/creneaux/[^/]+|/salle-attente/.*"),
        READING,
    ),
    (False, re.compile(r"/creneaux/[^/]+|(/api/v1)?/rendez-vous(/.*)?"), BOOKING),
    (False, re.compile(r"(/api/v1)?(/agent/mandats/[^/]+)?/dossiers/[^/]+/file"), FILING),
)


def budget(scope: Scope) -> Budget | None:
    """The budget of a request; None for one that has only what every request has."""
    reads, path = scope["method"] in _READS, scope["path"]
    for line_reads, pattern, found in _TABLE:
        if line_reads is reads and pattern.fullmatch(path) is not None:
            return found
    return None
