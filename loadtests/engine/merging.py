"""Reports of several processes on one step of the load, made one as if one process had played it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loadtests.histogram import merged

WORKER_LOST = "a load worker was lost"
WORKER_ALONE = "a load worker cannot reach the target"

_Report = Mapping[str, Any]


def one_report(reports: Sequence[_Report], *, lost: int = 0) -> dict[str, Any]:
    """The report of the whole from those of its parts, at least one; ``lost`` processes sent none.

    Counts and histograms add up. The processor is that of the busiest process, since any one that is the limit
    limits the whole. A process that was lost, or that alone finds the target dead, is the generator's own failure.
    """
    broken = _broken(reports)
    own = _added(report["generator_errors"] for report in reports)
    if lost:
        own[WORKER_LOST] += lost
    if broken == "dead" and not all(report["failing"] for report in reports):
        own[WORKER_ALONE] += sum(report["broken"] == "dead" for report in reports)
    windows = [report["window_s"] for report in reports]
    return {
        "window_s": sum(windows) / len(windows),
        "counts": dict(_added(report["counts"] for report in reports)),
        "generator_errors": dict(own),
        "in_flight": sum(report["in_flight"] for report in reports),
        "sessions_peak": sum(report["sessions_peak"] for report in reports),
        "lag": merged(report["lag"] for report in reports),
        "broken": broken,
        "failing": all(report["failing"] for report in reports),
        "steps": _by("label", [step for report in reports for step in report["steps"]], _one_step),
        "slices": sorted(
            _by("at", [one for report in reports for one in report["slices"]], _one_slice), key=lambda one: one["at"]
        ),
        "scheduled": sum(report["scheduled"] for report in reports),
        "cpu": max(report["cpu"] for report in reports),
        "come": reports[0]["come"],
        "processes": [one for report in reports for one in report["processes"]],
    }


def _broken(reports: Sequence[_Report]) -> str | None:
    """The limit that was passed: the target's death, if that was it, whatever the others were told meanwhile."""
    told = [report["broken"] for report in reports if report["broken"] is not None]
    return "dead" if "dead" in told else next(iter(told), None)


def _one_step(steps: Sequence[_Report]) -> dict[str, Any]:
    return {
        "label": steps[0]["label"],
        "elsewhere": all(one["elsewhere"] for one in steps),
        "requests": sum(one["requests"] for one in steps),
        "errors": dict(_added(one["errors"] for one in steps)),
        "latency": merged(one["latency"] for one in steps),
        "service": merged(one["service"] for one in steps),
    }


def _one_slice(slices: Sequence[_Report]) -> dict[str, Any]:
    return {
        "at": slices[0]["at"],
        **{what: sum(one[what] for one in slices) for what in ("requests", "errors", "deferred")},
        "latency": merged(one["latency"] for one in slices),
    }


def _by(key: str, parts: Iterable[_Report], one: Any) -> list[dict[str, Any]]:
    """Parts that agree in ``key`` made one, in the order they were first seen."""
    alike: dict[Any, list[_Report]] = {}
    for part in parts:
        alike.setdefault(part[key], []).append(part)
    return [one(group) for group in alike.values()]


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total
