"""Unit tests for the rules of a project, for ``promtool test rules``: each alert fires at its rate, and not below.

Each alert on a budget is tried on histories: bad requests a little above its threshold, a little below, many that have
only begun, many that are over, and so few that nobody should be called.
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

REQUESTS_A_STEP = 10_000_000
STEPS_A_SHORT_WINDOW = 4


@dataclass(frozen=True)
class Phase:
    """Requests a step, and how many of them are bad, for some steps."""

    steps: int
    requests: int
    bad: int


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
            cases = _cases(burn, burn.pair.long_s // step_s)
            tests = [_test(service, one, burn, bound, step_s, *case) for case in cases]
            files[f"{one.id}-{burn.pair.name}.test.yaml"] = _file(rule_file, step_s, tests)
    files["presence.test.yaml"] = _file(rule_file, 60, _presence(service))
    return files


Case = tuple[str, tuple[Phase, ...], bool]


def _cases(burn: Burn, long_steps: int) -> tuple[Case, ...]:
    """What happens, how it is told in phases, and whether the alert fires at the end."""
    short_steps, many = STEPS_A_SHORT_WINDOW, REQUESTS_A_STEP
    above, below = (round(many * min(1.0, burn.failing * factor)) for factor in (ABOVE, BELOW))
    # As many as the long window can take while it stays below.
    begun = min(many, below * long_steps // short_steps)
    return (
        ("a little above the threshold", (Phase(long_steps, many, above),), True),
        ("a little below the threshold", (Phase(long_steps, many, below),), False),
        ("it has only begun", (Phase(long_steps, many, 0), Phase(short_steps, many, begun)), False),
        ("it is over", (Phase(long_steps // 2, many, many), Phase(short_steps + 1, many, 0)), False),
        ("too few failures to call anybody", (Phase(LEAST_FAILURES - 1, 1, 1),), False),
    )


def _test(
    service: Service, indicator: Indicator, burn: Burn, bound: str, step_s: int, what: str,
    phases: tuple[Phase, ...], fires: bool,
) -> dict[str, Any]:  # fmt: skip
    name = alert_name(indicator, burn)
    return {
        "name": f"{name}: {what}",
        "interval": f"{step_s}s",
        "input_series": _series(service, indicator.id, bound, phases),
        "promql_expr_test": [_firing(name, step_s * sum(phase.steps for phase in phases), fires)],
    }


def _series(service: Service, indicator: str, bound: str, phases: tuple[Phase, ...]) -> list[dict[str, str]]:
    """What ``phases`` leave in a histogram: failures with a status of their own, slow requests in the last bucket."""
    job = f'job="{service.job}",instance="a"'
    good, bad = f'{job},http_response_status_code="200"', f'{job},http_response_status_code="503"'
    every = [(phase.steps, phase.requests) for phase in phases]
    spoilt = [(phase.steps, phase.bad) for phase in phases]
    sound = [(phase.steps, phase.requests - phase.bad) for phase in phases]

    def series(labels: str, counted: list[tuple[int, int]], quick: list[tuple[int, int]]) -> list[dict[str, str]]:
        named = (("_count", "", counted), ("_bucket", f',le="{bound}"', quick), ("_bucket", ',le="+Inf"', counted))
        return [{"series": f"{REQUESTS}{part}{{{labels}{le}}}", "values": _course(steps)} for part, le, steps in named]

    if indicator == "slow":
        return series(good, every, sound)
    return [*series(good, sound, sound), *series(bad, spoilt, spoilt)]


def _course(phases: list[tuple[int, int]]) -> str:
    """A counter that grows by so much a step for so many steps, in promtool's notation."""
    parts, total = [], 0
    for number, (steps, growth) in enumerate(phases):
        # The notation counts the first value besides the steps.
        parts.append(f"{total}+{growth}x{steps}" if number == 0 else f"{total + growth}+{growth}x{steps - 1}")
        total += growth * steps
    return " ".join(parts)


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
