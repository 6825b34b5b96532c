"""Metrics of several processes added up and written as Prometheus text.

Names and types follow OpenTelemetry's "Prometheus and OpenMetrics compatibility": dots become underscores, the unit is
a suffix, a counter ends in ``_total``, the resource is ``target_info``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_UNITS = {"s": "seconds", "ms": "milliseconds", "By": "bytes"}
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_:]+")

Labels = tuple[tuple[str, str], ...]


class Snapshot(NamedTuple):
    """What one process measured, as OTLP; ``fresh`` while that process lives."""

    content: bytes
    fresh: bool


@dataclass
class _Histogram:
    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0


@dataclass
class _Family:
    kind: str
    help: str
    values: dict[Labels, float] = field(default_factory=dict)
    histograms: dict[Labels, _Histogram] = field(default_factory=dict)


def text(snapshots: Iterable[Snapshot]) -> str:
    """Prometheus text of ``snapshots`` added up.

    What only grows counts of every process, those that ended too, so that no total goes back when a worker dies. What
    goes up and down counts of those that live.

    Raises:
        google.protobuf.message.DecodeError: a snapshot is not OTLP.
    """
    families: dict[str, _Family] = {}
    about: Labels = ()
    for snapshot in snapshots:
        for resource in ExportMetricsServiceRequest.FromString(snapshot.content).resource_metrics:
            # One line for all processes: what tells them apart is left out.
            about = _labels(a for a in resource.resource.attributes if a.key != "service.instance.id")
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    _add(families, metric, snapshot.fresh)
    lines = ["# HELP target_info Target metadata", "# TYPE target_info gauge", _sample("target_info", about, 1)]
    for name, family in sorted(families.items()):
        lines += _written(name, family)
    return "\n".join(lines if about or families else []) + "\n"


def _add(families: dict[str, _Family], metric: Metric, fresh: bool) -> None:
    match metric.WhichOneof("data"):
        case "sum" if metric.sum.is_monotonic:
            family = _family(families, metric, "counter", "_total")
            for point in metric.sum.data_points:
                labels = _labels(point.attributes)
                family.values[labels] = family.values.get(labels, 0) + _number(point)
        case "sum" if fresh:
            family = _family(families, metric, "gauge", "")
            for point in metric.sum.data_points:
                labels = _labels(point.attributes)
                family.values[labels] = family.values.get(labels, 0) + _number(point)
        case "gauge" if fresh:
            family = _family(families, metric, "gauge", "")
            for point in metric.gauge.data_points:
                labels = _labels(point.attributes)
                family.values[labels] = max(family.values.get(labels, -math.inf), _number(point))
        case "histogram":
            family = _family(families, metric, "histogram", "")
            for bucketed in metric.histogram.data_points:
                _add_histogram(family, bucketed)
        case _:  # exponential histograms and summaries: nothing here makes them
            pass


def _add_histogram(family: _Family, point: Any) -> None:
    labels, bounds = _labels(point.attributes), tuple(point.explicit_bounds)
    known = family.histograms.get(labels)
    if known is None:
        known = family.histograms[labels] = _Histogram(bounds, [0] * (len(bounds) + 1))
    if known.bounds != bounds:  # a process of another version: its buckets cannot be added to these
        return
    known.counts = [a + b for a, b in zip(known.counts, point.bucket_counts, strict=True)]
    known.total += point.sum


def _family(families: dict[str, _Family], metric: Metric, kind: str, ending: str) -> _Family:
    name = _NOT_IN_A_NAME.sub("_", metric.name)
    unit = _UNITS.get(metric.unit, "")
    if unit and not name.endswith(f"_{unit}"):
        name = f"{name}_{unit}"
    return families.setdefault(name + ending, _Family(kind, metric.description))


def _written(name: str, family: _Family) -> Iterator[str]:
    yield f"# HELP {name} {family.help.replace(chr(92), chr(92) * 2).replace(chr(10), ' ')}"
    yield f"# TYPE {name} {family.kind}"
    for labels, value in sorted(family.values.items()):
        yield _sample(name, labels, value)
    for labels, histogram in sorted(family.histograms.items(), key=lambda item: item[0]):
        total = 0
        for bound, count in zip((*histogram.bounds, math.inf), histogram.counts, strict=True):
            total += count
            yield _sample(f"{name}_bucket", (*labels, ("le", _figure(bound))), total)
        yield _sample(f"{name}_sum", labels, histogram.total)
        yield _sample(f"{name}_count", labels, total)


def _sample(name: str, labels: Labels, value: float) -> str:
    said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    return f"{name}{{{said}}} {_figure(value)}" if said else f"{name} {_figure(value)}"


def _figure(value: float) -> str:
    return ("+Inf" if value > 0 else "-Inf") if math.isinf(value) else repr(value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _labels(attributes: Iterable[KeyValue]) -> Labels:
    said: Mapping[str, str] = {_NOT_IN_A_NAME.sub("_", pair.key): _value(pair) for pair in attributes}
    return tuple(sorted(said.items()))


def _value(pair: KeyValue) -> str:
    kind = pair.value.WhichOneof("value")
    if kind is None:
        return ""
    value = getattr(pair.value, kind)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(point: Any) -> float:
    return float(point.as_int) if point.HasField("as_int") else float(point.as_double)
