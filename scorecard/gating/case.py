"""What the rules of a policy look at, and how they answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scorecard.evidence import Text
from scorecard.gating.baseline import Baseline
from scorecard.project import Waiver
from scorecard.scorecard import Scorecard

LETTERS = "ABCDEF"


@dataclass(frozen=True)
class Case:
    """A run before the gate."""

    card: Scorecard
    today: date
    waivers: tuple[Waiver, ...]
    baseline: Baseline | None


@dataclass(frozen=True)
class Said:
    """Why a rule refuses, and the criteria it is about; not ``certain`` where it cannot be told."""

    text: Text
    certain: bool = True
    criteria: tuple[str, ...] = ()
