"""DashLord's format: read back by the reader of DashLord's reports, with nothing that is not known."""

from __future__ import annotations

import json

import pytest

from scorecard.bridges.dashlord import read
from scorecard.grading import grade
from scorecard.reports import dashlord
from scorecard.scorecard import ProjectSummary


@pytest.fixture
def graded(project, criterion, evidence, fact, today):
    """A card on some figures, with the public address given."""

    def make(*facts, address: str | None = None, name: str = "code"):
        card = grade(project, [criterion("p95")], [evidence(list(facts), name=name)], (), today)
        summary: ProjectSummary = card.project.model_copy(update={"address": address})
        return card.model_copy(update={"project": summary})

    return make


def summary(card) -> dict[str, object]:
    (entry,) = json.loads(dashlord.render(card, "en"))
    return dict(entry["summary"])


def test_what_is_known_is_written_in_dashlords_units_and_read_back(graded, fact):
    card = graded(
        fact("security.code_high", 2, "count"),
        fact("security.code_medium", 3, "count"),
        fact("security.vulnerable_dependencies", 4, "count"),
        fact("declared.vde.availability", 0.991, "1"),
        fact("declared.rgaa.declaration", True, "bool"),
        fact("declared.rgaa.rate", 0.72, "1"),
        address="https://aide.example.gouv.fr",
    )
    assert summary(card) == {
        "dependabotCount": 4,
        "codescanCount": 5,
        "uptime": 99.1,
        "declaration-a11y": "Accessibilité : partiellement conforme",
    }
    back = {
        r.name: r.value for r in read(dashlord.render(card, "fr").encode(), "https://aide.example.gouv.fr").readings
    }
    assert (back["vulnerabilities"], back["code_alerts"], back["uptime"]) == (4, 5, pytest.approx(0.991))
    assert back["accessibility_declaration"] == "Accessibilité : partiellement conforme"


def test_what_is_not_known_is_left_out(graded, fact):
    half = graded(fact("security.code_high", 2, "count"), fact("declared.rgaa.rate", 1.0, "1"))
    assert summary(half) == {}
    (entry,) = json.loads(dashlord.render(half, "fr"))
    assert entry["portance"]["decision"] == half.decision.value
    assert entry["url"] == "https://address-not-given.invalid/aid"


@pytest.mark.parametrize(("rate", "mention"), [(1.0, "totalement"), (0.999, "partiellement"), (0.499, "non")])
def test_the_mention_follows_the_rate(graded, fact, rate, mention):
    card = graded(fact("declared.rgaa.declaration", True, "bool"), fact("declared.rgaa.rate", rate, "1"))
    assert summary(card)["declaration-a11y"] == f"Accessibilité : {mention} conforme"
