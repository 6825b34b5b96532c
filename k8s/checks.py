"""The evidence "manifests": what the Kubernetes manifests of a service say, and what they leave out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

from k8s.availability import NOTHING_SCALED, autoscalers, disruption_budgets, least_replicas
from k8s.containers import probes, requests_limits
from k8s.documents import ManifestError, Reading
from k8s.images import pinned
from k8s.network import network_policies
from k8s.plain_secrets import plain_secrets
from k8s.pod_security import restricted
from k8s.render import render
from k8s.workloads import Cluster, Outcome
from scorecard.evidence import Evidence, Fact, Finding, Provenance, Status, Text, Unit
from scorecard.site import Site

CHECKS: dict[str, Callable[[Cluster], Outcome]] = {
    "k8s.probes": probes,
    "k8s.requests_limits": requests_limits,
    "k8s.disruption_budget": disruption_budgets,
    "k8s.autoscaler": autoscalers,
    "k8s.pod_security_restricted": restricted,
    "k8s.network_policy": network_policies,
    "k8s.images_pinned": pinned,
}
COUNTS = ("k8s.replicas_min", "k8s.workloads", "k8s.plain_secrets")

NOT_NAMED = Text(
    en='no manifests are named: add manifests = "<folder>" under [target] in portance.toml',
    fr='aucun manifeste n’est indiqué : ajoutez manifests = "<dossier>" sous [target] dans portance.toml',
)
NO_WORKLOAD = Text(
    en="no workload in the manifests (Deployment, StatefulSet, DaemonSet, Job, CronJob, Pod)",
    fr="aucune charge de travail dans les manifestes (Deployment, StatefulSet, DaemonSet, Job, CronJob, Pod)",
)
MAX_PROBLEMS_SAID = 3


def collect(site: Site) -> Evidence:
    """State what the manifests named in ``portance.toml`` say of probes, resources, security, network and images."""
    started = datetime.now(UTC)
    name = site.project.target.manifests
    if name is None:
        return _evidence(site, started, Status.SKIPPED, NOT_NAMED, _unknown(NOT_NAMED))
    try:
        reading = render(site.path(name))
    except ManifestError as error:
        return _evidence(site, started, Status.ERROR, error.text, _unknown(error.text))
    cluster = Cluster(tuple(reading.resources))
    incomplete = _incomplete(reading)
    status = Status.COMPLETED if incomplete is None else Status.DEGRADED
    if not cluster.workloads:
        reason = incomplete if incomplete is not None else NO_WORKLOAD
        return _evidence(site, started, status, incomplete, _unknown(reason))
    facts, findings = _facts(cluster, incomplete)
    return _evidence(site, started, status, incomplete, facts, findings)


def _facts(cluster: Cluster, incomplete: Text | None) -> tuple[tuple[Fact, ...], tuple[Finding, ...]]:
    facts: list[Fact] = []
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        outcome = check(cluster)
        findings += outcome.findings
        # A defect that was seen stands; that there is none is known only when everything could be read.
        reason = incomplete if outcome.holds is True else outcome.reason
        value = None if reason is not None else outcome.holds
        facts.append(Fact(id=name, value=value, unit=Unit.YES_NO, reason=reason, detail=outcome.detail))
    least = least_replicas(cluster)
    secrets = plain_secrets(cluster)
    facts += [
        _count("k8s.replicas_min", None, NOTHING_SCALED)
        if least is None
        else _count("k8s.replicas_min", least[0], incomplete, least[1]),
        _count("k8s.workloads", len(cluster.workloads), incomplete),
        _count("k8s.plain_secrets", len(secrets), None if secrets else incomplete),
    ]
    return tuple(facts), (*findings, *secrets)


def _count(name: str, value: int | None, reason: Text | None, detail: str = "") -> Fact:
    return Fact(id=name, value=None if reason is not None else value, unit=Unit.COUNT, reason=reason, detail=detail)


def _unknown(reason: Text) -> tuple[Fact, ...]:
    return (
        *(Fact(id=name, value=None, unit=Unit.YES_NO, reason=reason) for name in CHECKS),
        *(Fact(id=name, value=None, unit=Unit.COUNT, reason=reason) for name in COUNTS),
    )


def _incomplete(reading: Reading) -> Text | None:
    """What could not be read, in one sentence; None when all was."""
    if not reading.problems:
        return None
    first = reading.problems[:MAX_PROBLEMS_SAID]
    more = len(reading.problems) - len(first)
    return Text(
        en="not all manifests could be read: "
        + "; ".join(p.en for p in first)
        + (f"; and {more} more" if more else ""),
        fr="tous les manifestes n’ont pu être lus : "
        + " ; ".join(p.fr for p in first)
        + (f" ; et {more} de plus" if more else ""),
    )


def _evidence(
    site: Site,
    started: datetime,
    status: Status,
    reason: Text | None,
    facts: tuple[Fact, ...],
    findings: tuple[Finding, ...] = (),
) -> Evidence:
    return Evidence(
        name="manifests",
        collector="k8s",
        project=site.project.project.name,
        status=status,
        reason=reason,
        provenance=Provenance.since(started, tool="portance k8s", version=version("portance")),
        facts=facts,
        findings=findings,
    )
