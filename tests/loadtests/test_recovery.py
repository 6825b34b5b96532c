"""Overload and what follows it, on services that come back and on one that does not."""

from __future__ import annotations

import pytest

from loadtests import recovery
from loadtests.recovery import collect_recovery
from scorecard.evidence import Evidence, Status

RATE = 20.0


def values(evidence: Evidence) -> dict[str, object]:
    return {fact.id: fact.value for fact in evidence.facts}


@pytest.fixture(autouse=True)
def _brief(monkeypatch):
    monkeypatch.setattr(recovery, "TIMES", {"quick": recovery.Times(1.0, 2.0, 6.0)})


def test_a_queue_that_is_worked_off_is_a_recovery_and_its_length_is_measured(serve, queue, site_that_holds):
    found = collect_recovery(site_that_holds(serve(queue(1 / RATE)).url, RATE))
    facts = values(found)
    assert found.status is Status.COMPLETED
    assert facts["recovery.recovered"] is True
    assert facts["recovery.p95_in_overload"] > 0.3
    # what came in excess, half of the rate for two seconds, is worked off at the other half in two
    assert 0 < facts["recovery.seconds"] <= 5


def test_a_queue_that_slows_its_own_service_does_not_come_back(serve, queue, site_that_holds):
    found = collect_recovery(site_that_holds(serve(queue(1 / RATE, slower_by_waiting=0.2)).url, RATE))
    facts = values(found)
    assert facts["recovery.recovered"] is False
    assert facts["recovery.seconds"] is None


def test_where_the_overload_is_borne_nothing_is_said_of_the_recovery(serve, respond, site_that_holds):
    async def handler(_):
        return respond()

    found = collect_recovery(site_that_holds(serve(handler).url, RATE))
    assert found.status is Status.DEGRADED
    assert values(found)["recovery.recovered"] is None
    assert "borne within the objective" in found.reason.en


def test_without_a_measured_rate_there_is_no_overload(site_that_holds, tmp_path):
    site = site_that_holds("http://127.0.0.1:9", RATE)
    (tmp_path / "evidence" / "load.json").unlink()
    found = collect_recovery(site)
    assert found.status is Status.SKIPPED
    assert all(fact.value is None for fact in found.facts)
