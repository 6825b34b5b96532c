"""The table behind the plots of the load: one row a step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from loadtests.step import Objective, Step
from loadtests.verdict import judge
from scorecard.evidence import Column, Table, Unit


def table(steps: Sequence[Step], objective: Objective) -> Table:
    """One row a step, in the order they were made."""
    rows = []
    for step in steps:
        outcome, reason = judge(step, objective)
        latency, service = step.latency, step.service
        rows.append(
            (
                step.phase,
                step.rate,
                step.rps,
                latency.p50 if latency is not None else None,
                latency.p95 if latency is not None else None,
                latency.p99 if latency is not None else None,
                service.p95 if service is not None else None,
                step.error_rate,
                ", ".join(f"{kind} x{count}" for kind, count in step.kinds.items()),
                step.requests,
                step.lag_p99_s,
                step.generator_cpu,
                step.service_cpu,
                step.busiest_process,
                str(outcome),
                reason.en,
                reason.fr,
                _utc(step.began),
                _utc(step.over),
            )
        )
    return Table(
        id="load.steps",
        columns=(
            Column(name="phase"),
            Column(name="offered", unit=Unit.JOURNEYS_PER_SECOND),
            Column(name="achieved", unit=Unit.REQUESTS_PER_SECOND),
            Column(name="p50", unit=Unit.SECOND),
            Column(name="p95", unit=Unit.SECOND),
            Column(name="p99", unit=Unit.SECOND),
            Column(name="service_p95", unit=Unit.SECOND),
            Column(name="error_rate", unit=Unit.RATIO),
            Column(name="errors"),
            Column(name="requests", unit=Unit.COUNT),
            Column(name="lag_p99", unit=Unit.SECOND),
            Column(name="generator_cpu", unit=Unit.RATIO),
            Column(name="service_cpu", unit=Unit.RATIO),
            Column(name="busiest_process", unit=Unit.RATIO),
            Column(name="outcome"),
            Column(name="reason"),
            Column(name="reason_fr"),
            Column(name="started"),
            Column(name="ended"),
        ),
        rows=tuple(rows),
    )


def _utc(moment: datetime | None) -> str | None:
    """The moment in UTC to the millisecond."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")
