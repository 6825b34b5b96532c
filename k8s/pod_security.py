"""The Pod Security Standard "restricted", with "baseline" inside it, on every pod a manifest describes.

Source: Kubernetes, "Pod Security Standards", policy restricted, as of version 1.34. Windows pods are judged as Linux
ones, which is stricter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8s.documents import Body, items, mapping
from k8s.workloads import Cluster, Container, Outcome, Workload, all_hold, finding
from scorecard.evidence import Finding, Severity

VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    }
)
SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
_SECCOMP = frozenset({"RuntimeDefault", "Localhost"})
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"

Broken = tuple[str, str]
"""Field and what it must be."""


def restricted(cluster: Cluster) -> Outcome:
    """Every pod may run in a namespace that enforces the standard "restricted"."""
    return all_hold(found for workload in cluster.workloads for found in _workload(workload))


def _workload(workload: Workload) -> Iterator[Finding]:
    for broken in _pod(workload.pod, mapping(workload.template, "metadata", "annotations")):
        yield _finding(workload, broken, None)
    for container in workload.containers:
        for broken in _container(container, mapping(workload.pod, "securityContext")):
            yield _finding(workload, broken, container)


def _finding(workload: Workload, broken: Broken, container: Container | None) -> Finding:
    field, wanted = broken
    remedy = f"Set {field} to {wanted}."
    said = f"{field} must be {wanted}"
    return finding("pod-security", Severity.HIGH, workload, said, remedy, container, cwe="CWE-250")


def _pod(pod: Body, annotations: Body) -> Iterator[Broken]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field) not in (None, False):
            yield field, "false"
    for volume in items(pod, "volumes"):
        types = set(volume) - {"name"} if isinstance(volume, dict) else set()
        # A volume without a type is an empty directory.
        if types - VOLUMES:
            yield f"volumes[{volume.get('name', '?')}]", "of a type that stays in the pod or in the cluster's storage"
    context = mapping(pod, "securityContext")
    for sysctl in items(context, "sysctls"):
        if mapping(sysctl).get("name") not in SYSCTLS:
            yield "securityContext.sysctls", "one of the safe ones"
    for key, profile in annotations.items():
        if str(key).startswith(_APPARMOR) and not str(profile).startswith(("runtime/default", "localhost/")):
            yield f"annotations[{key}]", "runtime/default"
    yield from _both(context)


def _container(container: Container, of_pod: Body) -> Iterator[Broken]:
    context = mapping(container.body, "securityContext")
    yield from _both(context)
    if context.get("privileged") not in (None, False):
        yield "securityContext.privileged", "false"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "securityContext.allowPrivilegeEscalation", "false"
    if context.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True:
        yield "securityContext.runAsNonRoot", "true"
    if mapping(context, "seccompProfile").get("type", mapping(of_pod, "seccompProfile").get("type")) not in _SECCOMP:
        yield "securityContext.seccompProfile.type", "RuntimeDefault or Localhost"
    if "ALL" not in items(context, "capabilities", "drop"):
        yield "securityContext.capabilities.drop", "ALL"
    if set(map(str, items(context, "capabilities", "add"))) - {"NET_BIND_SERVICE"}:
        yield "securityContext.capabilities.add", "empty, or NET_BIND_SERVICE alone"
    if context.get("procMount") not in (None, "", "Default"):
        yield "securityContext.procMount", "Default"
    for port in items(container.body, "ports"):
        if mapping(port).get("hostPort") not in (None, 0):
            yield "ports.hostPort", "absent"
    for handler in _handlers(container.body):
        if handler.get("host") not in (None, ""):
            yield "probes and lifecycle hooks", "without a host of their own"


def _both(context: Body) -> Iterator[Broken]:
    """Rules of a security context, that of the pod or of a container."""
    user = context.get("runAsUser")
    if user is not None and (isinstance(user, bool) or user == 0):
        yield "securityContext.runAsUser", "other than 0"
    seccomp = mapping(context, "seccompProfile").get("type")
    if seccomp is not None and seccomp not in _SECCOMP:
        yield "securityContext.seccompProfile.type", "RuntimeDefault or Localhost"
    apparmor = mapping(context, "appArmorProfile").get("type")
    if apparmor not in (None, "RuntimeDefault", "Localhost"):
        yield "securityContext.appArmorProfile.type", "RuntimeDefault or Localhost"
    selinux = mapping(context, "seLinuxOptions")
    if selinux.get("type", "") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield "securityContext.seLinuxOptions", "absent, or of a container type without user and role"
    if mapping(context, "windowsOptions").get("hostProcess") not in (None, False):
        yield "securityContext.windowsOptions.hostProcess", "false"


def _handlers(container: Body) -> Iterator[Body]:
    """What probes and lifecycle hooks ask."""
    askers: list[Any] = [mapping(container, f"{kind}Probe") for kind in ("liveness", "readiness", "startup")]
    askers += [mapping(container, "lifecycle", hook) for hook in ("postStart", "preStop")]
    for asker in askers:
        yield mapping(asker, "httpGet")
        yield mapping(asker, "tcpSocket")
