"""One step of the load: what was measured at one rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loadtests.histogram import Quantiles, quantiles

FEWEST_REQUESTS = 20
"""Below that the 95th percentile is the slowest answer or nothing."""


@dataclass(frozen=True)
class Objective:
    """What a good answer is: the 95th percentile in seconds and the share of errors allowed."""

    p95_s: float
    error_rate: float


@dataclass(frozen=True)
class Step:
    """Measurements at one offered rate.

    Attributes:
        rate: offered journeys a second.
        requests: requests to the target whose intended start lay in the window.
        errors: those that did not come back as expected.
        latency: from the intended start; None without any request.
        service: from the moment they were sent.
        rps: answers of the target a second within the window, redirects followed included.
        answered: requests to the target answered within the window, whenever they were meant to start; None when
            not counted.
        lag_p99_s: delay between the scheduled arrival of a session and its start, 99th percentile.
        generator_cpu: share of a core the generator used, the busiest process of it.
        processes: processes that played the load.
        machines: machines they ran on.
        in_flight: requests under way, on average over the window.
        window_s: length of the window, shorter when the step was ended early.
        scheduled: sessions due in the window.
        started: those that started.
        broken: limit that ended the step early: sessions, errors, slow or dead.
        heard: requests to the target that were answered at all, well or badly.
        limited: answers 429.
        writes: requests to the target that were POST, PUT, PATCH or DELETE.
        verified: ``verify`` steps whose answer tells whether what was written is there.
        lost: ``verify`` steps that did not find what was written.
        generator_errors: errors that are the generator's own.
        kinds: requests to the target that failed, by step and kind.
        service_cpu: cores the service and its database used, None when its processes are not known.
        busiest_process: cores that the busiest process of the service itself used; None like that.
        phase: what the step was made for.
        parts: latency of each step of the journeys that goes to the target, by its name.
        histograms: ``latency`` in full, encoded; repeats are pooled from them.
        began: when its load began, in UTC; None when nobody noted it.
        over: when its last answer had come or was given up.
    """

    rate: float
    requests: int
    errors: int
    latency: Quantiles | None
    service: Quantiles | None = None
    rps: float = 0.0
    answered: int | None = None
    lag_p99_s: float = 0.0
    generator_cpu: float = 0.0
    processes: int = 1
    machines: int = 1
    in_flight: float | None = None
    window_s: float = 0.0
    scheduled: int = 0
    started: int = 0
    broken: str | None = None
    heard: int = 0
    limited: int = 0
    writes: int = 0
    verified: int = 0
    lost: int = 0
    generator_errors: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    service_cpu: float | None = None
    busiest_process: float | None = None
    phase: str = ""
    parts: Mapping[str, Quantiles] = field(default_factory=dict)
    histograms: tuple[str, ...] = ()
    began: datetime | None = None
    over: datetime | None = None

    @property
    def hops(self) -> float:
        """Requests that the target got for one of a journey, each redirect followed being one."""
        return self.rps * self.window_s / self.answered if self.answered else 1.0

    @property
    def error_rate(self) -> float | None:
        """Share of the requests that failed; None without any."""
        return self.errors / self.requests if self.requests else None


def from_report(report: Mapping[str, Any], rate: float, phase: str, service_cpu: float | None = None) -> Step:
    """A step from the generator's raw report; requests to other origins are left out."""
    ours = [one for one in report["steps"] if not one["elsewhere"]]
    counts = report["counts"]
    window = report["window_s"]
    lag = quantiles([report["lag"]])
    players = report.get("processes", ())
    return Step(
        rate=rate,
        requests=sum(one["requests"] for one in ours),
        errors=sum(count for one in ours for count in one["errors"].values()),
        latency=quantiles(one["latency"] for one in ours),
        service=quantiles(one["service"] for one in ours),
        rps=counts.get("completed", 0) / window if window else 0.0,
        answered=counts.get("answered", 0),
        lag_p99_s=lag.p99 if lag is not None else 0.0,
        generator_cpu=report["cpu"],
        processes=max(1, len(players)),
        machines=max(1, len({one["host"] for one in players})),
        in_flight=report["in_flight"],
        window_s=window,
        scheduled=report["scheduled"],
        started=counts.get("sessions", 0),
        broken=report["broken"],
        heard=counts.get("heard", 0),
        limited=counts.get("limited", 0),
        writes=counts.get("writes", 0),
        verified=counts.get("verified", 0),
        lost=counts.get("lost", 0),
        generator_errors=report["generator_errors"],
        kinds={f"{one['label']}: {kind}": count for one in ours for kind, count in one["errors"].items()},
        service_cpu=service_cpu,
        phase=phase,
        parts={one["label"]: latency for one in ours if (latency := quantiles([one["latency"]])) is not None},
        histograms=tuple(one["latency"] for one in ours),
    )
