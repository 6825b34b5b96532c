"""Deletion tried for real: what still serves what was deleted is found; nothing to delete, or to see, is unknown."""

from __future__ import annotations

from random import Random

import pytest

from scorecard.evidence import Status
from scorecard.journeys.exchange import Sent
from security import retention

SERVED, TRIED = "security.deleted_still_served", "security.deletions_tried"
DELETE = {"name": "withdraw", "delete": "{note}", "expect": 204}


@pytest.fixture
def look(town, town_site):
    """Delete in the town with some defects; the evidence."""

    def collect(*defects, steps=(DELETE,), **target):
        return retention.collect(town_site(town(*defects), steps=steps, **target), random=Random(6))

    return collect


@pytest.mark.parametrize("way", [{}, {"steps": (), "openapi": "/openapi.json"}], ids=["journey", "document"])
def test_what_is_gone_is_gone(look, fact, way):
    evidence = look(**way)
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert (fact(evidence, TRIED).value, fact(evidence, SERVED).value) == (1, 0)
    assert "reads asked again" in fact(evidence, SERVED).detail
    assert evidence.findings == ()


@pytest.mark.parametrize("way", [{}, {"steps": (), "openapi": "/openapi.json"}], ids=["journey", "document"])
@pytest.mark.parametrize(
    ("defect", "place", "reader"),
    [
        ("still served", ("GET {note}", "GET /notes/{note}"), "citizen"),
        ("still listed", ("GET /notes",), "citizen"),
        ("agent still", ("GET /agent/notes/{id}",), "agent"),
    ],
)
def test_what_is_still_served_is_found_where_it_is(look, fact, defect, place, reader, way):
    evidence = look(defect, **way)
    assert fact(evidence, SERVED).value >= 1
    assert {finding.location for finding in evidence.findings} <= set(place)
    for finding in evidence.findings:
        assert (finding.rule, finding.cwe) == ("deleted-data-served", "CWE-212")
        assert f"read by the {reader}" in finding.message
        assert finding.remedy


def test_where_nothing_can_be_deleted_nothing_is_known(look, assert_unknown):
    assert_unknown(look(steps=()), SERVED, "offer to delete")


def test_a_deletion_that_is_refused_clears_nothing(look, assert_unknown):
    refused = {"name": "withdraw", "delete": "/nowhere", "expect": 204}
    assert_unknown(look(steps=(refused,)), SERVED, "answered 404")


def test_a_journey_that_stops_clears_nothing(look, assert_unknown):
    broken = {"name": "broken", "get": "/nowhere"}
    assert_unknown(look(steps=(broken, DELETE)), SERVED, "stopped at")


def test_what_nobody_could_see_before_tells_nothing(town, town_site, assert_unknown):
    site = town_site(town())
    blind = site.project.journeys[0]
    steps = (*(step for step in blind.steps if step.method != "GET"), type(blind.steps[0])(delete="{note}", expect=204))
    project = site.project.model_copy(update={"journeys": (blind.model_copy(update={"steps": steps}),)})
    evidence = retention.collect(type(site)(project=project, root=site.root, run=site.run, url=site.url))
    assert_unknown(evidence, SERVED, "nothing that can be read")


def test_what_is_still_served_is_kept_when_another_read_fails(town, town_site, monkeypatch, fact):
    sent = Sent("GET", "http://127.0.0.1/notes/1")
    outcome = retention.Outcome("DELETE /notes/{id}", trouble="GET /notes was answered timeout afterwards")
    outcome.served.append(retention.Witness("GET /notes/{id}", sent, lambda _: "", "citizen"))
    monkeypatch.setattr(retention, "_look", lambda *_: [outcome])
    evidence = retention.collect(town_site(town(), steps=(DELETE,)))
    assert (fact(evidence, SERVED).value, fact(evidence, SERVED).low) == (1, 1)
    assert [finding.location for finding in evidence.findings] == ["GET /notes/{id}"]


def test_a_dead_service_clears_nothing(town_site, assert_unknown):
    assert_unknown(retention.collect(town_site("http://127.0.0.1:9", steps=(DELETE,))), SERVED, "could not be tried")


def test_nothing_typed_stands_in_what_is_written(look, tmp_path):
    evidence = look("still served")
    raw = tmp_path / "runs" / "one" / "raw" / "retention"
    written = evidence.model_dump_json() + "".join(path.read_text() for path in raw.iterdir())
    assert "usager-" not in written
    assert "zq" not in written
