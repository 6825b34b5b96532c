"""Does it stay up: replicas, disruption budgets, autoscalers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from k8s.documents import Resource, mapping
from k8s.selectors import matches
from k8s.workloads import SCALED, Cluster, Outcome, Workload, all_hold, finding
from scorecard.evidence import Finding, Severity, Text

NOTHING_SCALED = Text(
    en="no workload with replicas (Deployment, StatefulSet, ReplicaSet) in the manifests",
    fr="aucune charge de travail à instances multiples (Deployment, StatefulSet, ReplicaSet) dans les manifestes",
)


def least_replicas(cluster: Cluster) -> tuple[int, str] | None:
    """The least number of replicas of any workload, by night too, and which one; None without any workload of the kind.

    An autoscaler's minimum takes the place of what the workload itself asks for. A bare Pod counts as one.
    """
    counts = [
        (_least(cluster, workload), workload.place)
        for workload in cluster.workloads
        if workload.resource.kind in SCALED or (workload.resource.kind == "Pod" and workload.long_running)
    ]
    return min(counts) if counts else None


def _least(cluster: Cluster, workload: Workload) -> int:
    lows = [_minimum(scaler) for scaler in _scalers(cluster) if _targets(scaler, workload)]
    return min(lows) if lows else workload.replicas


def disruption_budgets(cluster: Cluster) -> Outcome:
    """Every workload with replicas keeps at least one pod while nodes are drained, and lets them be drained.

    Source: Kubernetes, "Specifying a Disruption Budget". A workload of one replica cannot be kept up by any budget.
    """
    scaled = [workload for workload in cluster.workloads if workload.resource.kind in SCALED]
    if not scaled:
        return Outcome(None, reason=NOTHING_SCALED)
    return all_hold(found for workload in scaled for found in _budget(cluster, workload))


def _budget(cluster: Cluster, workload: Workload) -> Iterator[Finding]:
    replicas = _least(cluster, workload)
    if replicas < 2:
        message = f"{replicas} replica: a drained node stops the service, whatever the budget"
        yield finding("disruption-budget", Severity.MEDIUM, workload, message, "Run at least two replicas.")
        return
    budgets = [
        budget
        for budget in cluster.of_kind("PodDisruptionBudget")
        if budget.namespace == workload.namespace
        and matches(mapping(budget.body, "spec").get("selector"), workload.labels)
    ]
    if not budgets:
        message = "no PodDisruptionBudget selects its pods: an upgrade of the nodes may stop all of them at once"
        yield finding("disruption-budget", Severity.MEDIUM, workload, message, "Add one with maxUnavailable: 1.")
    for budget in budgets:
        kept = _kept(budget, replicas)
        if kept is None or kept < 1:
            message = f"PodDisruptionBudget {budget.name} keeps no pod"
            yield finding("disruption-budget", Severity.MEDIUM, workload, message, "Set maxUnavailable: 1.")
        elif kept >= replicas:
            message = f"PodDisruptionBudget {budget.name} lets no pod go: nodes cannot be drained"
            yield finding("disruption-budget", Severity.MEDIUM, workload, message, "Set maxUnavailable: 1.")


def _kept(budget: Resource, replicas: int) -> int | None:
    """Pods a budget keeps up, None when it says nothing that can be read; percentages round up, as Kubernetes does."""
    spec = mapping(budget.body, "spec")
    if "minAvailable" in spec:
        return _pods(spec["minAvailable"], replicas)
    lost = _pods(spec.get("maxUnavailable"), replicas)
    return None if lost is None else max(0, replicas - lost)


def _pods(value: Any, replicas: int) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    percent = re.fullmatch(r"(\d+)%", str(value))
    return math.ceil(int(percent[1]) * replicas / 100) if percent is not None else None


def autoscalers(cluster: Cluster) -> Outcome:
    """There is an autoscaler, and each has a workload of these manifests to scale, and room to scale it.

    HorizontalPodAutoscaler and KEDA's ScaledObject count. None at all does not hold: the peak of the peak day then
    needs a person awake.
    """
    if not any(workload.resource.kind in SCALED for workload in cluster.workloads):
        return Outcome(None, reason=NOTHING_SCALED)
    scalers = list(_scalers(cluster))
    if not scalers:
        return Outcome(False, detail="no HorizontalPodAutoscaler in the manifests")
    return all_hold((found for scaler in scalers for found in _scaler(cluster, scaler)), f"{len(scalers)}")


def _scaler(cluster: Cluster, scaler: Resource) -> Iterator[Finding]:
    def about(message: str, remedy: str) -> Finding:
        location = f"{scaler.kind}/{scaler.name}"
        return Finding(
            category="kubernetes", rule="k8s.autoscaler", severity=Severity.MEDIUM, location=location,
            message=message, remedy=remedy, fingerprint=f"autoscaler:{scaler.namespace}/{location}:{message}",
        )  # fmt: skip

    targets = [workload for workload in cluster.workloads if _targets(scaler, workload)]
    if not targets:
        reference = mapping(scaler.body, "spec", "scaleTargetRef")
        wanted = f"{reference.get('kind', '?')}/{reference.get('name', '?')}"
        yield about(f"it scales {wanted}, which is not in the manifests", "Fix scaleTargetRef.")
    most = mapping(scaler.body, "spec").get("maxReplicas", mapping(scaler.body, "spec").get("maxReplicaCount"))
    if isinstance(most, int) and most <= _minimum(scaler):
        yield about(f"it never scales: at least {_minimum(scaler)}, at most {most} replicas", "Raise maxReplicas.")


def _scalers(cluster: Cluster) -> Iterator[Resource]:
    return cluster.of_kind("HorizontalPodAutoscaler", "ScaledObject")


def _targets(scaler: Resource, workload: Workload) -> bool:
    reference = mapping(scaler.body, "spec", "scaleTargetRef")
    return (
        scaler.namespace == workload.namespace
        and reference.get("kind", "Deployment") == workload.resource.kind
        and reference.get("name") == workload.resource.name
    )


def _minimum(scaler: Resource) -> int:
    """Least replicas: 1 for a HorizontalPodAutoscaler that does not say, 0 for a ScaledObject."""
    key, default = ("minReplicas", 1) if scaler.kind == "HorizontalPodAutoscaler" else ("minReplicaCount", 0)
    value = mapping(scaler.body, "spec").get(key)
    return value if isinstance(value, int) else default
