"""The generated rules as Prometheus itself judges them, and rules made wrong on purpose, which it must find."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from observability.operations import OperationsError, promtool
from observability.operations.rules import as_yaml, rules
from scorecard.project import ProjectFile

Make = Callable[..., ProjectFile]
Try = Callable[..., dict[str, bool | None]]


@pytest.mark.parametrize("objectives", ['p95 = "300 ms"\nerror_rate = "0.01 %"', 'p95 = "1 s"\nerror_rate = "20 %"'])
def test_each_alert_fires_at_its_rate_and_not_below(make_project: Make, try_rules: Try, objectives: str):
    results = try_rules(make_project(objectives))
    assert results
    assert all(results.values()), results


@pytest.mark.parametrize(
    ("right", "wrong", "found_by"),
    [
        ("rate_1h{job=\"aides\"} > 0.0144", "rate_1h{job=\"aides\"} > 0.0158", "errors-fast"),
        ("rate_1h{job=\"aides\"} > 0.0144", "rate_1h{job=\"aides\"} > 0.0134", "errors-fast"),
        ("and service:http_server_errors:ratio_rate_5m", "or service:http_server_errors:ratio_rate_5m", "errors-fast"),
        ("rate_6h{job=\"aides\"} * 21600 >= 5", "rate_6h{job=\"aides\"} * 21600 >= 0", "errors-steady"),
        ('http_response_status_code=~"5.."}[3d]', 'http_response_status_code=~"500"}[3d]', "errors-slow"),
        ('le="0.4"}[1h]', 'le="0.3"}[1h]', "slow-fast"),
        ("absent(", "absent(nothing_", "presence"),
        ("> 0.1", "> 100", "presence"),
    ],
)  # fmt: skip
def test_a_rule_made_wrong_is_found(make_project: Make, try_rules: Try, right: str, wrong: str, found_by: str):
    def spoilt(text: str) -> str:
        assert right in text
        return text.replace(right, wrong)

    only = f"{found_by}.test.yaml"
    assert try_rules(make_project(), spoilt, only) == {only: False}


def test_prometheus_takes_the_rules_and_counts_them(make_project: Make, tmp_path: Path, installed: None):
    file = tmp_path / "alerts.yaml"
    file.write_text(as_yaml(rules(make_project(), "en")), encoding="utf-8")
    checked = promtool.check_rules([file])
    assert checked.refused is None
    assert checked.rules == 25 + 8


def test_a_rule_that_prometheus_does_not_take_is_refused(tmp_path: Path, installed: None):
    file = tmp_path / "alerts.yaml"
    file.write_text("groups: [{name: x, rules: [{alert: A, expr: 'sum('}]}]", encoding="utf-8")
    assert promtool.check_rules([file]).refused


def test_each_alert_speaks_the_language_asked_for_and_links_its_runbook(make_project: Make):
    for lang, words in (("en", "Too many requests fail"), ("fr", "Trop de requêtes échouent")):
        (group,) = rules(make_project(), lang, "https://wiki.example/aides/")["groups"]
        alerts = [rule for rule in group["rules"] if "alert" in rule]
        assert alerts[0]["annotations"]["summary"] == words
        assert alerts[0]["annotations"]["runbook_url"] == "https://wiki.example/aides/errors.md"
        assert all(alert["annotations"]["runbook_url"] and alert["labels"]["severity"] for alert in alerts)


def test_an_objective_between_two_boundaries_counts_nothing_that_keeps_it_as_slow(make_project: Make):
    text = as_yaml(rules(make_project('p95 = "300 ms"'), "en"))
    assert 'le="0.4"' in text
    assert "take more than 0.4 s" in text


def test_a_whole_second_is_found_however_a_library_writes_it(make_project: Make):
    assert 'le=~"1|1.0"' in as_yaml(rules(make_project('p95 = "1 s"'), "en"))


@pytest.mark.parametrize("objectives", ['error_rate = "0 %"', 'error_rate = "100 %"', 'p95 = "30 s"'])
def test_objectives_that_no_alert_can_watch_are_refused(make_project: Make, objectives: str):
    with pytest.raises(OperationsError):
        rules(make_project(objectives), "en")


def test_without_promtool_nothing_is_said_to_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(promtool.PromtoolError, match="not installed"):
        promtool.check_rules([tmp_path / "alerts.yaml"])


def test_a_promtool_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "promtool"
    program.write_text("#!/bin/sh\n/bin/sleep 60\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(promtool, "TIMEOUT_S", 0.2)
    with pytest.raises(promtool.PromtoolError, match="had not finished"):
        promtool.version()


def test_a_promtool_that_says_nothing_of_a_file_gives_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "promtool"
    program.write_text("#!/bin/sh\necho all is well\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    for ask in (promtool.test_rules, promtool.evaluate):
        with pytest.raises(promtool.PromtoolError, match="did not compute"):
            ask([tmp_path / "x.test.yaml"])
