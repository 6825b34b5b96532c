"""Cards from the real grading of a small frozen catalogue: what a policy then makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from scorecard.gating.policy import PolicyFile, parse
from scorecard.grading import grade
from scorecard.project import Waiver
from scorecard.scorecard import Scorecard


@pytest.fixture(scope="session")
def card(project, criterion, evidence, fact, today) -> Callable[..., Scorecard]:
    """A card of two blocking questions ("held", "kept") and two others ("quick", "declared"); all pass unless told.

    A value over 0.4 s fails, over 0.3 s warns; None is unknown.
    """

    def make(on: date = today, waivers: tuple[Waiver, ...] = (), observed: date = today, **values: Any) -> Scorecard:
        questions = [
            criterion("held", blocking=True, warn=0.4, **{"pass": 0.3}),
            criterion("kept", blocking=True, domain="resilience"),
            criterion("quick", domain="user-service"),
            criterion("neat", domain="security"),
        ]
        given = {"held": 0.1, "kept": 0.1, "quick": 0.1, "neat": 0.1, **values}
        facts = [fact(f"load.{name}", value) for name, value in given.items()]
        return grade(project, questions, [evidence(facts, on=observed)], waivers, on)

    return make


@pytest.fixture(scope="session")
def policy(today) -> Callable[..., PolicyFile]:
    """A policy from its text."""
    return lambda text: parse(text.encode(), "portance-policy.toml", today)
