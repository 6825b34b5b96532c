"""Criteria as data: what is asked, of which fact, against which threshold, why, and what mends it.

The catalogue is the TOML files of this folder, one a domain. A new criterion is one new table there; no Python. A
ministry adds a folder of its own (:mod:`scorecard.criteria.own`), which may ask more, never less.
"""

from __future__ import annotations

from scorecard.criteria.criterion import (
    DECLARATIONS,
    Bounds,
    CatalogueError,
    Criterion,
    Domain,
    Reference,
    Threshold,
)
from scorecard.criteria.files import catalogue

__all__ = [
    "DECLARATIONS",
    "Bounds",
    "CatalogueError",
    "Criterion",
    "Domain",
    "Reference",
    "Threshold",
    "catalogue",
]
