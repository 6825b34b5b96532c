"""What each container must say: how to tell that it is well, and what it may use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from k8s.documents import mapping
from k8s.workloads import Cluster, Outcome, Workload, all_hold, finding
from scorecard.evidence import Finding, Severity, Text

_HANDLERS = frozenset({"httpGet", "tcpSocket", "exec", "grpc"})
_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?")

NOTHING_LONG_RUNNING = Text(
    en="no workload that runs until it is stopped (Deployment, StatefulSet, DaemonSet, Pod) in the manifests",
    fr="aucune charge de travail permanente (Deployment, StatefulSet, DaemonSet, Pod) dans les manifestes",
)


def probes(cluster: Cluster) -> Outcome:
    """Every container that stays has a readiness and a liveness probe with something to ask.

    Source: Kubernetes, "Configure Liveness, Readiness and Startup Probes". Without readiness a pod gets requests
    before it can answer them; without liveness one that hangs stays.
    """
    serving = [workload for workload in cluster.workloads if workload.long_running]
    if not serving:
        return Outcome(None, reason=NOTHING_LONG_RUNNING)
    return all_hold(found for workload in serving for found in _probes(workload))


def _probes(workload: Workload) -> Iterator[Finding]:
    for container in workload.containers:
        if not container.stays or container.list_name == "ephemeralContainers":
            continue
        for kind in ("readiness", "liveness"):
            if not _HANDLERS & mapping(container.body, f"{kind}Probe").keys():
                yield finding(
                    f"{kind}-probe",
                    Severity.MEDIUM,
                    workload,
                    f"no {kind} probe",
                    f"Add {kind}Probe with the route that tells it.",
                    container,
                )


def requests_limits(cluster: Cluster) -> Outcome:
    """Every container asks for CPU and memory and has a limit of memory; init containers and jobs too.

    Source: Kubernetes, "Resource Management for Pods and Containers". A limit without a request sets the request. No
    limit of CPU is asked for: it throttles a service at its peak.
    """
    return all_hold(found for workload in cluster.workloads for found in _resources(workload))


def _resources(workload: Workload) -> Iterator[Finding]:
    of_pod = mapping(workload.pod, "resources")
    for container in workload.containers:
        if container.list_name == "ephemeralContainers":
            continue  # they may not have any
        own = mapping(container.body, "resources")
        for name, where in (("cpu", "requests"), ("memory", "requests"), ("memory", "limits")):
            given = [
                mapping(resources, key).get(name)
                for resources in (own, of_pod)
                for key in ({"requests", "limits"} if where == "requests" else {"limits"})
            ]
            if not any(_positive(value) for value in given):
                yield finding(
                    f"{name}-{where}",
                    Severity.MEDIUM,
                    workload,
                    f"no {name} {where.removesuffix('s')}",
                    f"Set resources.{where}.{name} from what the load test measured.",
                    container,
                )


def _positive(value: Any) -> bool:
    match = _QUANTITY.fullmatch(str(value).strip()) if value is not None else None
    return match is not None and float(match[1]) > 0
