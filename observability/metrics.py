"""The metrics a service adopts: requests, saturation, waits for connections and queues, business events.

Names are OpenTelemetry's where it has one (``http.server.request.duration``, ``db.client.connection.*``); labels are
route templates, methods and status codes, never what a person typed, and their number is bounded.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from observability import pools, tracing
from observability.histograms import MAX_SERIES, OVERFLOW, Histogram, exported_with
from observability.pools import Pool

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
EXPORTERS = "OTEL_METRICS_EXPORTER"
STOP_TIMEOUT_S = 2.0

DURATIONS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.4, 0.5, 0.75, 0.8, 1.0, 2.5, 5.0, 7.5, 10.0)
"""OpenTelemetry's boundaries, and 0.4 s and 0.8 s: the lines of the official indicators fall on a boundary."""
_DELAYS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_DURATIONS = partial(
    Histogram,
    "http.server.request.duration",
    "Duration of HTTP server requests.",
    DURATIONS_S,
    ("http.request.method", "http.route", "http.response.status_code"),
)
_DELAYS = partial(
    Histogram, "queue.delay", "Time from joining a queue to being taken out of it.", _DELAYS_S, ("queue.name",)
)
_LOOP_DELAYS = partial(
    Histogram, "asyncio.event_loop.delay", "How late the event loop comes back to what is due.", _DELAYS_S
)

_LOOP_LOOKED_AT_EVERY_S = 0.25


@dataclass
class Meters:
    """The instruments of this process while metrics are on."""

    provider: Any
    events: Any
    durations: Histogram
    delays: Histogram
    in_flight: int = 0
    event_names: set[str] = field(default_factory=set)
    waiting: Mapping[str, float] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    look: asyncio.Task[None] | None = None

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered; ``route`` is its template, empty where none matched."""
        self.durations.record(seconds, method, route, status)

    def event(self, name: str) -> None:
        """Count a business event."""
        if name not in self.event_names and len(self.event_names) >= MAX_SERIES:
            self.events.add(1, OVERFLOW)
            return
        self.event_names.add(name)
        self.events.add(1, {"event.name": name})

    def waited(self, queue: str, seconds: float) -> None:
        """Count a wait in a queue."""
        self.delays.record(seconds, queue)


def start(service_name: str, watched: Mapping[str, Pool]) -> Meters | None:
    """Measure from now on, and send or show it as the environment says (docs/tracing.md); None when nobody asked.

    Raises:
        ValueError: a variable of the environment has a value that cannot be used.
    """
    exporters = _exporters()
    if not exporters:
        return None
    from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider

    durations, delays, loop_delays = _DURATIONS(), _DELAYS(), _LOOP_DELAYS()
    waits = pools.histograms(watched)
    histograms = [durations, delays, loop_delays, *waits]
    provider = MeterProvider(
        [_reader(name, histograms) for name in exporters],
        resource=tracing.resource(service_name),
        # Which trace a slow request had is in the log; an exemplar a bucket would cost more at each record.
        exemplar_filter=AlwaysOffExemplarFilter(),
        shutdown_on_exit=False,  # stop() is bounded, the SDK's own hook is not
    )
    meter = provider.get_meter("observability.metrics")
    events = meter.create_counter("business.events", "{event}", "What people got done, by name of the event.")
    meters = Meters(provider, events, durations, delays)
    _observe_process(meter, meters)
    _observe_backlog(meter, meters)
    pools.watch_all(meter, watched, waits)
    meters.look = _look_at_the_loop(loop_delays.record)
    return meters


def stop(meters: Meters) -> None:
    """Send what is left, for at most :data:`STOP_TIMEOUT_S` seconds, then give up."""
    if meters.look is not None:
        meters.look.cancel()
    last = threading.Thread(target=meters.provider.shutdown, daemon=True)
    last.start()
    last.join(STOP_TIMEOUT_S)
    pools.leave_all()


def _exporters() -> list[str]:
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    named = [name.strip() for name in os.environ.get(EXPORTERS, "otlp").split(",")]
    endpoint = any(os.environ.get(name) for name in ENDPOINTS)
    return [name for name in named if name == "prometheus" or (name == "otlp" and endpoint)]


def _reader(name: str, histograms: Sequence[Histogram]) -> Any:
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    if name == "prometheus":
        from observability.scrape import every_s, shown

        exporter = exported_with(shown(os.environ), histograms)
        return PeriodicExportingMetricReader(exporter, export_interval_millis=every_s(os.environ) * 1000)
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return PeriodicExportingMetricReader(exported_with(OTLPMetricExporter(), histograms))


def _observe_process(meter: Any, meters: Meters) -> None:
    from opentelemetry.metrics import Observation

    page = os.sysconf("SC_PAGE_SIZE")

    def in_flight(_options: Any) -> Iterator[Any]:
        yield Observation(meters.in_flight)

    def cpu(_options: Any) -> Iterator[Any]:
        times = os.times()
        yield Observation(times.user, {"cpu.mode": "user"})
        yield Observation(times.system, {"cpu.mode": "system"})

    def memory(_options: Any) -> Iterator[Any]:
        try:
            resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        except (OSError, ValueError, IndexError):  # not Linux: no figure is better than a wrong one
            return
        yield Observation(resident * page)

    meter.create_observable_up_down_counter(
        "http.server.active_requests", [in_flight], "{request}", "Requests being served."
    )
    meter.create_observable_counter("process.cpu.time", [cpu], "s", "Processor time used.")
    meter.create_observable_up_down_counter("process.memory.usage", [memory], "By", "Physical memory in use.")


def _observe_backlog(meter: Any, meters: Meters) -> None:
    from opentelemetry.metrics import Observation

    def ages(_options: Any) -> Iterator[Any]:
        for name, seconds in meters.waiting.items():
            yield Observation(seconds, {"backlog.name": name})

    def failed(_options: Any) -> Iterator[Any]:
        for name, number in meters.failed.items():
            yield Observation(number, {"backlog.name": name})

    meter.create_observable_gauge("backlog.age", [ages], "s", "How long the first in line has waited; 0 for nobody.")
    meter.create_observable_gauge("backlog.failed", [failed], "{item}", "What failed for good of late.")


def _look_at_the_loop(record: Callable[[float], None]) -> asyncio.Task[None] | None:
    async def look() -> None:
        while True:
            due = monotonic() + _LOOP_LOOKED_AT_EVERY_S
            await asyncio.sleep(_LOOP_LOOKED_AT_EVERY_S)
            record(max(0.0, monotonic() - due))

    try:
        return asyncio.get_running_loop().create_task(look(), name="event loop delay")
    except RuntimeError:  # a service without an event loop has no delay of it
        return None
