"""Unit tests for the rules of a project, for ``promtool test rules``: each alert fires at its rate, and not below.

Each alert on a budget is tried on four histories: failures a little above its threshold, a little below, a burst far
above that is over, and so few requests that nobody should be called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from observability.operations.burn_rate import LEAST_FAILURES, Burn, burns
from observability.operations.rules import (
    REQUESTS,
    WAITS,
    Indicator,
    Service,
    alert_name,
    bucket_bound,
    indicators,
    service_of,
)
from scorecard.project import ProjectFile

ABOVE, BELOW = 1.05, 0.95
"""Around the threshold: near enough that a rule with another threshold is found."""

REQUESTS_A_STEP = 100_000
STEPS_A_SHORT_WINDOW = 6


@dataclass(frozen=True)
class History:
    """Requests and how many of them are bad, for ``steps`` steps of ``step_s`` seconds; ``quiet`` steps follow."""

    step_s: int
    requests: int
    bad: int
    steps: int
    quiet: int = 0

    @property
    def end_s(self) -> int:
        """When it ends, in seconds from its beginning."""
        return self.step_s * (self.steps + self.quiet)


def rule_tests(project: ProjectFile, rule_file: str) -> dict[str, dict[str, Any]]:
    """Files of unit tests by their name, for the rules of ``project`` in ``rule_file``.

    One file a pair of windows: promtool evaluates every rule at every step, so a long window needs long steps.

    Raises:
        OperationsError: an objective leaves no error budget.
    """
    service = service_of(project)
    bound = f"{bucket_bound(project.objectives.p95):g}"
    files: dict[str, dict[str, Any]] = {}
    for one in indicators(project, service):
        for burn in burns(one.budget):
            step_s = burn.pair.short_s // STEPS_A_SHORT_WINDOW
            tests = [_test(service, one, burn, bound, what, *case) for what, case in _cases(burn, step_s).items()]
            name = f"{one.id}-{burn.pair.name}.test.yaml"
            files[name] = _file(rule_file, step_s, tests)
    files["presence.test.yaml"] = _file(rule_file, 60, _presence(service))
    return files


def _cases(burn: Burn, step_s: int) -> dict[str, tuple[History, bool]]:
    long_steps, short_steps = burn.pair.long_s // step_s, burn.pair.short_s // step_s
    above = round(REQUESTS_A_STEP * min(1.0, burn.failing * ABOVE))
    below = round(REQUESTS_A_STEP * burn.failing * BELOW)
    few = LEAST_FAILURES - 1
    return {
        "a little above the threshold": (History(step_s, REQUESTS_A_STEP, above, long_steps), True),
        "a little below the threshold": (History(step_s, REQUESTS_A_STEP, below, long_steps), False),
        "all failed, and it is over": (
            History(step_s, REQUESTS_A_STEP, REQUESTS_A_STEP, long_steps // 2, short_steps + 1),
            False,
        ),
        "too few failures to wake anybody": (History(step_s, 1, 1, few), False),
    }


def _test(
    service: Service, indicator: Indicator, burn: Burn, bound: str, what: str, history: History, fires: bool
) -> dict[str, Any]:
    name = alert_name(indicator, burn)
    return {
        "name": f"{name}: {what}",
        "interval": f"{history.step_s}s",
        "input_series": _series(service, indicator.id, bound, history),
        "promql_expr_test": [_firing(name, history.end_s, fires)],
    }


def _series(service: Service, indicator: str, bound: str, history: History) -> list[dict[str, str]]:
    """What ``history`` leaves in a histogram: failures with a status of their own, slow requests in the last bucket."""
    failed = history.bad if indicator == "errors" else 0
    slow = history.bad if indicator == "slow" else 0
    job = f'job="{service.job}",instance="a"'
    good, bad = f'{job},http_response_status_code="200"', f'{job},http_response_status_code="503"'

    def grown(name: str, labels: str, step: int, quiet_step: int) -> dict[str, str]:
        values = f"0+{step}x{history.steps}"
        if history.quiet:
            values += f" {step * history.steps + quiet_step}+{quiet_step}x{history.quiet - 1}"
        return {"series": f"{name}{{{labels}}}", "values": values}

    requests, quick = history.requests - failed, history.requests - failed - slow
    after = history.requests
    series = [
        grown(f"{REQUESTS}_count", good, requests, after),
        grown(f"{REQUESTS}_bucket", f'{good},le="{bound}"', quick, after),
        grown(f"{REQUESTS}_bucket", f'{good},le="+Inf"', requests, after),
    ]
    if failed:
        series += [
            grown(f"{REQUESTS}_count", bad, failed, 0),
            grown(f"{REQUESTS}_bucket", f'{bad},le="{bound}"', failed, 0),
            grown(f"{REQUESTS}_bucket", f'{bad},le="+Inf"', failed, 0),
        ]
    return series


def _presence(service: Service) -> list[dict[str, Any]]:
    """The service goes silent after ten minutes; requests begin to wait for the database after ten, and cease to."""
    labels = f'job="{service.job}",instance="a"'
    count = f'{REQUESTS}_count{{{labels},http_response_status_code="200"}}'
    waits, waited = f"{WAITS}_count{{{labels}}}", f"{WAITS}_sum{{{labels}}}"
    silent, waiting = "ServiceShowsNoMetrics", "RequestsWaitForTheDatabase"
    return [
        {
            "name": "the service goes silent",
            "interval": "60s",
            "input_series": [{"series": count, "values": "0+100x10 stale"}],
            "promql_expr_test": [_firing(silent, 600, False), _firing(silent, 1_200, True)],
        },
        {
            "name": "requests wait a minute each, then no more",
            "interval": "60s",
            "input_series": [
                {"series": count, "values": "0+100x70"},
                {"series": waits, "values": "0+100x70"},
                {"series": waited, "values": "0x10 6000+6000x29 180000x30"},
            ],
            "promql_expr_test": [
                _firing(waiting, 600, False),
                _firing(waiting, 1_800, True),
                _firing(waiting, 4_000, False),
                _firing(silent, 4_000, False),
            ],
        },
    ]


def _firing(alert: str, at_s: int, fires: bool) -> dict[str, Any]:
    """That ``alert`` fires, or does not, ``at_s`` seconds from the beginning."""
    return {
        "expr": f'(count(ALERTS{{alertname="{alert}",alertstate="firing"}}) > bool 0) or vector(0)',
        "eval_time": f"{at_s}s",
        "exp_samples": [{"labels": "{}", "value": int(fires)}],
    }


def _file(rule_file: str, step_s: int, tests: list[dict[str, Any]]) -> dict[str, Any]:
    return {"rule_files": [rule_file], "evaluation_interval": f"{step_s}s", "tests": tests}
