"""Who may talk to the pods."""

from __future__ import annotations

from collections.abc import Iterator

from k8s.documents import Resource, items, mapping
from k8s.selectors import matches
from k8s.workloads import Cluster, Outcome, Workload, all_hold, finding
from scorecard.evidence import Finding, Severity


def network_policies(cluster: Cluster) -> Outcome:
    """Every workload's pods are chosen by a policy for incoming traffic, and none of those lets everyone in.

    Source: Kubernetes, "Network Policies": pods that no policy selects accept traffic from anywhere.
    """
    return all_hold(found for workload in cluster.workloads for found in _workload(cluster, workload))


def _workload(cluster: Cluster, workload: Workload) -> Iterator[Finding]:
    policies = [
        policy
        for policy in cluster.of_kind("NetworkPolicy")
        if policy.api_group == "networking.k8s.io"
        and policy.namespace == workload.namespace
        and _is_for_ingress(policy)
        and matches(mapping(policy.body, "spec").get("podSelector", {}), workload.labels)
    ]
    if not policies:
        message = "no NetworkPolicy selects its pods: any pod of the cluster may reach them"
        remedy = "Deny by default in the namespace, then allow what is needed."
        yield finding("network-policy", Severity.MEDIUM, workload, message, remedy)
    for policy in policies:
        if any(not mapping(rule) for rule in items(policy.body, "spec", "ingress")):
            message = f"NetworkPolicy {policy.name} lets everyone in"
            yield finding("network-policy", Severity.MEDIUM, workload, message, "Name who may reach the pods.")


def _is_for_ingress(policy: Resource) -> bool:
    # Kubernetes takes a policy that names no type as one for incoming traffic.
    types = items(policy.body, "spec", "policyTypes")
    return not types or "Ingress" in types
