"""What is told when something could not be looked at: unknown with its reason, never a pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from observability.operations import operability
from observability.operations.told import FACTS
from scorecard.evidence import Evidence, Fact, Status
from scorecard.project import ProjectFile
from scorecard.site import Site

Make = Callable[..., ProjectFile]
FIRING = ("operations.alert_on_errors", "operations.alert_delay", "operations.alerts_never_firing")


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Evidence]:
    """Looks at a project whose files are in the test's folder."""
    monkeypatch.setattr(operability, "SHOWN_WITHIN_S", 0.0)

    def collect(project: ProjectFile, url: str | None = None, metrics: str | None = None) -> Evidence:
        site = Site(project=project, root=tmp_path, run=tmp_path / "run", url=url, metrics=metrics)
        return operability.collect(site, random=Random(1))

    return collect


@pytest.fixture
def metrics(pages, answer, shown: str) -> Iterator[str]:
    """Where a service shows its metrics."""
    pages.answers["/metrics"] = answer(shown, kind="text/plain")
    yield pages.url + "/metrics"
    del pages.answers["/metrics"]


def facts(evidence: Evidence) -> dict[str, Fact]:
    return {fact.id: fact for fact in evidence.facts}


def test_a_project_that_says_nothing_of_operations_is_skipped_with_every_fact_unknown(make_project: Make, look):
    evidence = look(make_project())
    assert evidence.status is Status.SKIPPED
    assert set(facts(evidence)) == set(FACTS)
    assert all(fact.value is None and fact.reason is not None for fact in evidence.facts)


def test_every_fact_is_stated_whatever_is_given(make_project: Make, look):
    for operations in ('receipt = "x"', 'rules = "none.yaml"', 'dashboards = "none.json"', 'metrics = "/metrics"'):
        evidence = look(make_project(operations=operations))
        assert sorted(fact.id for fact in evidence.facts) == sorted(FACTS)
        assert all(fact.value is None for fact in evidence.facts)
        assert evidence.status is Status.DEGRADED


def test_without_metrics_no_alert_is_said_to_fire_nor_not_to(make_project: Make, look, write_rules, installed):
    write_rules({"A": "up == 0"})
    found = facts(look(make_project(operations='rules = "rules.yaml"'), url="http://127.0.0.1:1"))
    assert all(found[fact].value is None for fact in FIRING)
    assert "operations.metrics" in found["operations.alert_on_errors"].reason.en


def test_a_service_that_does_not_show_its_metrics_is_unknown(make_project: Make, look, write_rules, installed, pages):
    write_rules({"A": "up == 0"})
    project = make_project(operations='rules = "rules.yaml"\nmetrics = "/nothing-here"')
    found = facts(look(project, url=pages.url))
    assert found["operations.alert_on_errors"].value is None
    assert "no metric in Prometheus' text format" in found["operations.alert_on_errors"].reason.en


def test_without_promtool_nothing_is_said_of_alerts(
    make_project: Make, look, write_rules, metrics: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    write_rules({"A": "up == 0"})
    monkeypatch.setenv("PATH", str(tmp_path))
    found = facts(look(make_project(operations='rules = "rules.yaml"'), metrics=metrics))
    assert all(found[fact].value is None for fact in FIRING)
    assert "promtool is not installed" in found["operations.alert_delay"].reason.en


def test_rules_that_prometheus_refuses_are_unknown_with_its_words(
    make_project: Make, look, write_rules, metrics: str, installed
):
    write_rules({"A": "sum("})
    found = facts(look(make_project(operations='rules = "rules.yaml"'), metrics=metrics))
    assert found["operations.alerts_never_firing"].value is None
    assert "rules cannot be used" in found["operations.alerts_never_firing"].reason.en


def test_rules_without_an_alert_are_no_alert_for_errors(make_project: Make, look, metrics: str, tmp_path: Path):
    (tmp_path / "rules.yaml").write_text("groups: [{name: g, rules: [{record: a:b, expr: c}]}]")
    found = facts(look(make_project(operations='rules = "rules.yaml"'), metrics=metrics))
    assert found["operations.alert_on_errors"].value is False
    assert found["operations.alerts_never_firing"].value is None


def test_alerts_on_what_something_else_shows_are_left_out_and_counted(
    make_project: Make, look, write_rules, metrics: str, installed
):
    write_rules({"Disk": "node_filesystem_free_bytes < 5", "Gone": "up == 0"})
    alone = facts(look(make_project(operations='rules = "rules.yaml"'), metrics=metrics))
    assert alone["operations.alerts_never_firing"].value == 1
    told = 'rules = "rules.yaml"\nother_metrics = ["node_"]'
    found = facts(look(make_project(operations=told), metrics=metrics))
    assert found["operations.alerts_never_firing"].value == 0
    assert found["operations.alerts_never_firing"].detail == "0/1; other_metrics: 1"
    assert found["operations.alert_on_errors"].value is False
    assert found["operations.alert_delay"].value is None


def test_evidence_says_which_promtool_judged(make_project: Make, look, installed):
    provenance = look(make_project(operations='rules = "none.yaml"')).provenance
    assert provenance.command[:2] == ("operability", "promtool")
    assert re.match(r"\d+\.", provenance.command[2])


def test_links_to_an_address_that_nobody_follows_clear_nothing(make_project: Make, look, write_rules, installed):
    write_rules({"A": "up == 0"})
    told = 'rules = "rules.yaml"\nrunbooks = "https://wiki.example/"'
    assert facts(look(make_project(operations=told)))["operations.alerts_without_runbook"].value is None
    write_rules({"A": "up == 0"}, runbook=None)
    without = facts(look(make_project(operations=told)))["operations.alerts_without_runbook"]
    assert without.value == 1


def test_a_runbook_of_a_title_alone_is_none(make_project: Make, look, write_rules, tmp_path: Path, installed):
    write_rules({"A": "up == 0"}, runbook="https://wiki.example/errors#first")
    (tmp_path / "runbooks").mkdir()
    told = make_project(operations='rules = "rules.yaml"\nrunbooks = "runbooks"')
    for content, missing in (("# Errors\n", 1), ("# Errors\n" + "Look at the dashboard first. " * 10, 0)):
        (tmp_path / "runbooks" / "errors.md").write_text(content)
        assert facts(look(told))["operations.alerts_without_runbook"].value == missing


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"panels": 3}', '{"panels": [{"targets": [{"expr": 3}, 4]}, 5]}'])
def test_a_dashboard_that_cannot_be_read_is_unknown(make_project: Make, look, tmp_path: Path, metrics: str, content):
    (tmp_path / "board.json").write_text(content)
    found = facts(look(make_project(operations='dashboards = "board.json"'), metrics=metrics))
    assert found["operations.dashboard_queries_unanswered"].value is None
    assert "dashboards cannot be used" in found["operations.dashboard_queries_unanswered"].reason.en


@pytest.mark.parametrize(
    ("operations", "reason"),
    [
        ('receipt = "receipt"', "no step of a journey extracts"),
        ('rules = "x.yaml"', "names no value that people are given"),
    ],
)
def test_a_receipt_that_nobody_gets_is_unknown(make_project: Make, look, operations: str, reason: str):
    found = facts(look(make_project(operations=operations), url="http://127.0.0.1:1"))
    assert found["operations.receipt_to_trace"].value is None
    assert reason in found["operations.receipt_to_trace"].reason.en


def test_a_port_for_metrics_is_asked_only_of_a_service_that_the_run_starts(make_project: Make):
    from scorecard.cli.metrics_port import metrics_port

    told = make_project(operations='metrics = "http://127.0.0.1:{metrics_port}/metrics"')
    assert metrics_port(told).address is None
    started = told.model_copy(
        update={"target": told.target.model_copy(update={"url": None, "start": "serve --port {port}"})}
    )
    port = metrics_port(started)
    assert port.environment["OTEL_EXPORTER_PROMETHEUS_PORT"] in str(port.address)
    silent = make_project().model_copy(update={"target": started.target})
    assert metrics_port(silent).environment == {}
