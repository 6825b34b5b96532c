"""Workloads: what runs pods, whatever the kind that wraps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from k8s.documents import Body, Resource, items, mapping
from scorecard.evidence import Finding, Severity, Text

SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})
LONG_RUNNING = SCALED | {"DaemonSet", "Pod"}
_POD_SPEC_IN = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys((*SCALED, "DaemonSet", "Job"), ("spec", "template")),
}
_CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Container:
    """A container and which list of the pod it stands in."""

    body: Body
    list_name: str

    @property
    def name(self) -> str:
        """Name in the pod."""
        return str(self.body.get("name", "?"))

    @property
    def stays(self) -> bool:
        """Whether it runs as long as the pod: no init container, unless it is a sidecar."""
        return self.list_name == "containers" or self.body.get("restartPolicy") == "Always"


@dataclass(frozen=True)
class Workload:
    """One object that runs pods."""

    resource: Resource

    @property
    def place(self) -> str:
        """Where a finding points: ``Kind/name``."""
        return f"{self.resource.kind}/{self.resource.name}"

    @property
    def namespace(self) -> str:
        """Namespace, empty when the manifest does not say."""
        return self.resource.namespace

    @cached_property
    def template(self) -> Body:
        """The pod: metadata and spec."""
        return mapping(self.resource.body, *_POD_SPEC_IN[self.resource.kind])

    @cached_property
    def pod(self) -> Body:
        """Spec of the pod."""
        return mapping(self.template, "spec")

    @cached_property
    def labels(self) -> dict[str, str]:
        """Labels of the pods, which selectors choose by."""
        return {str(k): str(v) for k, v in mapping(self.template, "metadata", "labels").items()}

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Every container of a pod, init and ephemeral ones too."""
        return tuple(
            Container(body, name)
            for name in _CONTAINER_LISTS
            for body in items(self.pod, name)
            if isinstance(body, dict)
        )

    @property
    def long_running(self) -> bool:
        """Whether its pods serve until they are stopped."""
        kind = self.resource.kind
        return kind in LONG_RUNNING and not (kind == "Pod" and self.pod.get("restartPolicy") in ("Never", "OnFailure"))

    @property
    def replicas(self) -> int:
        """Replicas the manifest asks for; one where it does not say, as Kubernetes does."""
        declared = mapping(self.resource.body, "spec").get("replicas")
        return declared if isinstance(declared, int) and not isinstance(declared, bool) else 1


@dataclass(frozen=True)
class Cluster:
    """All the objects of a set of manifests."""

    resources: tuple[Resource, ...]

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Objects that run pods, in the order they were read."""
        return tuple(Workload(resource) for resource in self.resources if resource.kind in _POD_SPEC_IN)

    def of_kind(self, *kinds: str) -> Iterator[Resource]:
        """Objects of some kinds."""
        return (resource for resource in self.resources if resource.kind in kinds)


@dataclass(frozen=True)
class Outcome:
    """What a check saw: whether its statement holds for every workload, None with the reason when it has no object."""

    holds: bool | None
    findings: tuple[Finding, ...] = ()
    detail: str = ""
    reason: Text | None = None


def all_hold(findings: Iterable[Finding], detail: str = "") -> Outcome:
    """The outcome of a check that holds when nothing was found."""
    found = tuple(findings)
    return Outcome(not found, found, detail)


def finding(
    rule: str,
    severity: Severity,
    workload: Workload,
    message: str,
    remedy: str,
    container: Container | None = None,
    *,
    cwe: str = "",
) -> Finding:
    """A finding about a workload or one of its containers."""
    place = workload.place if container is None else f"{workload.place}/{container.name}"
    return Finding(
        category="kubernetes",
        rule=f"k8s.{rule}",
        severity=severity,
        location=place,
        message=message,
        cwe=cwe,
        remedy=remedy,
        fingerprint=f"{rule}:{workload.namespace}/{place}:{message}",
    )
