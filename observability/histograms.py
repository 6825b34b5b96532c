"""Histograms that cost a request a microsecond, exported with the metrics of OpenTelemetry's SDK.

A record of the SDK takes seven microseconds (docs/decisions/0142); what is kept here is the same cumulative counts, put
into the SDK's own data when it exports.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

MAX_SERIES = 1_000
"""Sets of labels of one metric; those beyond share one, marked as OpenTelemetry does."""
OVERFLOW = {"otel.metric.overflow": True}

_NOT_KEPT: dict[str, Any] = {"min": None, "max": None}
_OTHERS: tuple[str | int, ...] = ("",) * 9


@dataclass
class Series:
    """Counts by bucket, the last for what is above every bound, and the sum of the values."""

    counts: list[int]
    total: float = 0.0


@dataclass
class Histogram:
    """Values by bucket for each set of labels; a bucket holds what is at most its bound."""

    name: str
    description: str
    bounds: Sequence[float]
    labels: Sequence[str] = ()
    """Names of the labels, in the order their values are given."""
    unit: str = "s"
    series: dict[tuple[str | int, ...], Series] = field(default_factory=dict)
    began_ns: int = field(default_factory=time.time_ns)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, value: float, *labels: str | int) -> None:
        """Count ``value``; a label that is empty is left out."""
        place = bisect_left(self.bounds, value)
        with self.lock:
            series = self.series.get(labels)
            if series is None:
                key = labels if len(self.series) < MAX_SERIES else _OTHERS
                series = self.series.setdefault(key, Series([0] * (len(self.bounds) + 1)))
            series.counts[place] += 1
            series.total += value

    def metric(self, now_ns: int) -> Any:
        """What was counted so far, as the SDK exports it."""
        from opentelemetry.sdk.metrics.export import AggregationTemporality, HistogramDataPoint, Metric
        from opentelemetry.sdk.metrics.export import Histogram as Data

        with self.lock:
            kept = {key: Series(list(series.counts), series.total) for key, series in self.series.items()}
        points = [
            HistogramDataPoint(
                attributes=self._attributes(key),
                start_time_unix_nano=self.began_ns,
                time_unix_nano=now_ns,
                count=sum(series.counts),
                sum=series.total,
                bucket_counts=series.counts,
                explicit_bounds=self.bounds,
                **_NOT_KEPT,
            )
            for key, series in kept.items()
        ]
        return Metric(self.name, self.description, self.unit, Data(points, AggregationTemporality.CUMULATIVE))

    def _attributes(self, key: tuple[str | int, ...]) -> dict[str, Any]:
        if key is _OTHERS:
            return dict(OVERFLOW)
        return {name: value for name, value in zip(self.labels, key, strict=True) if value != ""}


def exported_with(exporter: Any, histograms: Iterable[Histogram]) -> Any:
    """``exporter`` of the SDK, given ``histograms`` too."""
    from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData

    class WithHistograms(MetricExporter):
        def export(
            self, metrics_data: MetricsData, timeout_millis: float = 10_000, **options: Any
        ) -> MetricExportResult:
            now = time.time_ns()
            ours = [one.metric(now) for one in histograms if one.series]
            resources = []
            for resource in metrics_data.resource_metrics:
                first, *rest = resource.scope_metrics
                scopes = [replace(first, metrics=[*first.metrics, *ours]), *rest]
                resources.append(replace(resource, scope_metrics=scopes))
                ours = []  # once, with the first of the resources: there is one
            return exporter.export(MetricsData(resources), timeout_millis, **options)  # type: ignore[no-any-return]

        def force_flush(self, timeout_millis: float = 10_000) -> bool:
            return bool(exporter.force_flush(timeout_millis))

        def shutdown(self, timeout_millis: float = 30_000, **options: Any) -> None:
            exporter.shutdown(timeout_millis, **options)

    return WithHistograms()
