"""Rules of any make, rehearsed on what a service shows: who counts errors how, and what fires in which trouble."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from observability.operations import OperationsError, alert_rules
from observability.operations.rehearsal import Rehearsed, rehearse
from observability.operations.shown import read

OTHER_MAKES = """\
# TYPE requests_total counter
requests_total{code="2xx"} 40
# TYPE flask_http_request_total counter
flask_http_request_total{method="GET",status="200"} 7
flask_http_request_total{method="GET",status="503"} 1
# TYPE app_exceptions_total counter
app_exceptions_total 0
# TYPE answer_seconds summary
answer_seconds{quantile="0.95"} 0.2
answer_seconds_count 12
answer_seconds_sum 2.5
# TYPE disk_free_ratio gauge
disk_free_ratio 0.6
# TYPE strange gauge
strange{what="a \\"quoted\\" \\\\ path"} NaN
"""

ALERTS = {
    "ByClass": 'sum(rate(requests_total{code="5xx"}[5m])) / sum(rate(requests_total[5m])) > 0.1',
    "ByStatus": 'sum(rate(flask_http_request_total{status=~"5.."}[5m])) > sum(rate(flask_http_request_total[5m])) / 2',
    "ByCounter": "increase(app_exceptions_total[10m]) > 3",
    "BySummary": 'answer_seconds{quantile="0.95"} > 1',
    "DiskFull": "disk_free_ratio < 0.1",
    "NobodyComes": "sum(rate(requests_total[10m])) == 0",
    "Gone": "up == 0",
    "Silent": "absent(requests_total)",
    "Never": 'sum(rate(requests_total{code="500"}[5m])) > 0',
    "Always": "sum(rate(requests_total[5m])) > 0",
    'Na"me\\d': "strange > 5",
}


@pytest.fixture
def rehearsed(write_rules: Callable[..., Path], installed: None) -> Rehearsed:
    rules = alert_rules.load(write_rules(ALERTS))
    return rehearse(rules, rules.alerts, read(OTHER_MAKES), "aides")


def test_alerts_fire_in_the_trouble_they_watch_for(rehearsed: Rehearsed):
    fired = {trouble: set(alerts) - {"Always"} for trouble, alerts in rehearsed.fired.items()}
    assert fired == {
        "errors": {"ByClass", "ByStatus", "ByCounter"},
        "slow": {"BySummary"},
        "silent": {"Gone", "Silent"},
        "standstill": {"NobodyComes"},
        "full": {"BySummary", 'Na"me\\d'},
        "empty": {"DiskFull"},
    }
    assert rehearsed.in_calm == {"Always"}
    assert not rehearsed.fires("Never")
    assert rehearsed.fires("Gone")


def test_it_is_told_after_how_many_minutes_an_alert_fires(write_rules: Callable[..., Path], installed: None):
    expr = ALERTS["ByClass"]
    rules = alert_rules.load(write_rules({"Patient": expr}, **{"for": "45m"}))
    patient = rehearse(rules, rules.alerts, read(OTHER_MAKES), "aides")
    assert 45 <= patient.fired["errors"]["Patient"] <= 47
    assert patient.tried_min == 120 + 45


def test_a_rule_that_names_a_route_is_tried_on_that_route(write_rules: Callable[..., Path], installed: None):
    routes = "".join(f'requests_total{{code="2xx",route="/{name}"}} 40\n' for name in "abc")
    alerts = {
        "RouteB": 'rate(requests_total{code="5xx",route="/b"}[5m]) > 0',
        "RouteD": 'rate(requests_total{code="5xx",route="/d"}[5m]) > 0',
        "ThreeRoutes": 'count(sum by (route) (rate(requests_total{code="5xx"}[5m])) > 0) > 2',
    }
    rules = alert_rules.load(write_rules(alerts))
    fired = rehearse(rules, rules.alerts, read("# TYPE requests_total counter\n" + routes), "aides").fired
    assert set(fired["errors"]) == {"RouteB", "ThreeRoutes"}


def test_rules_of_the_operator_and_several_files_are_read(tmp_path: Path):
    (tmp_path / "one.yaml").write_text(
        "kind: PrometheusRule\nspec: {groups: [{name: g, rules: [{record: a:b, expr: c / d}]}]}\n---\nkind: Service\n"
    )
    (tmp_path / "two.yml").write_text(
        "groups: [{name: g, rules: [{alert: A, expr: 'a:b > 1', for: 1h30m, annotations: {runbook: x}}]}]"
    )
    (tmp_path / "two.test.yaml").write_text("tests: []")
    rules = alert_rules.load(tmp_path)
    (alert,) = rules.alerts
    assert (alert.name, alert.for_s, alert.runbook, alert.file) == ("A", 5_400, "x", "two.yml")
    assert rules.reads(alert.expr) == {"c", "d"}
    assert len({group["name"] for group in rules.groups}) == 2


def test_a_record_that_reads_itself_ends():
    rules = alert_rules.RuleSet((), (), {"a:b": ("a:b + c",)})
    assert rules.reads("a:b") == {"c"}


@pytest.mark.parametrize("content", ["", "- 1", "groups: 3", "a: [", "groups: []", "\x00"])
def test_a_file_without_rules_is_refused_in_one_line(tmp_path: Path, content: str):
    (tmp_path / "rules.yaml").write_text(content)
    with pytest.raises(OperationsError, match="rules"):
        alert_rules.load(tmp_path / "rules.yaml")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(OperationsError, match="no such file"):
        alert_rules.load(tmp_path / "rules.yaml")
