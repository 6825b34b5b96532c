"""Secrets written in the manifests themselves; the findings name the place, never the value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8s.documents import Resource, items, mapping
from k8s.workloads import Cluster
from scorecard.evidence import Finding, Severity

_NAME = re.compile(
    r"(^|[_.-])(password|passwd|pwd|passphrase|secret|token|credentials?|(api|access|private|secret|signing)[_.-]?key)"
    r"([_.-]?\d*)?$",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"://[^/\s:@]+:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----|^(ghp|glpat|xox[bp])[-_]\S{16,}|^AKIA[0-9A-Z]{16}$"
)
_OPTION = re.compile(r"^--?[\w-]*(password|secret|token|api-?key)=.", re.IGNORECASE)
_TEMPLATED = re.compile(r"\$\([A-Za-z_]\w*\)|\$\{[A-Za-z_]\w*\}")


def plain_secrets(cluster: Cluster) -> tuple[Finding, ...]:
    """One finding a secret: in a Secret object, a ConfigMap, or an environment or argument of a container."""
    return tuple(
        Finding(
            category="kubernetes",
            rule="k8s.plain-secret",
            severity=Severity.HIGH,
            location=location,
            message=message,
            cwe="CWE-798",
            remedy="Refer to a Secret that the cluster or a vault provides, and replace this value: it is known now.",
            fingerprint=f"plain-secret:{location}:{message}",
        )
        for location, message in (*_objects(cluster), *_containers(cluster))
    )


def _objects(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for resource in cluster.of_kind("Secret"):
        for key in _keys(resource, "data", "stringData"):
            yield f"Secret/{resource.name}", f"the manifest contains the value of {key!r}"
    for resource in cluster.of_kind("ConfigMap"):
        for key, value in mapping(resource.body, "data").items():
            if _is_secret(str(key), value):
                yield f"ConfigMap/{resource.name}", f"{key!r} looks like a secret"


def _keys(resource: Resource, *fields: str) -> list[str]:
    return sorted({str(key) for field in fields for key, value in mapping(resource.body, field).items() if value})


def _containers(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for workload in cluster.workloads:
        for container in workload.containers:
            place = f"{workload.place}/{container.name}"
            for entry in items(container.body, "env"):
                variable = mapping(entry)
                if _is_secret(str(variable.get("name", "")), variable.get("value")):
                    yield place, f"the environment variable {variable.get('name')} holds a secret"
            for argument in (*items(container.body, "command"), *items(container.body, "args")):
                text = str(argument)
                if _VALUE.search(text) or (_OPTION.search(text) and not _TEMPLATED.search(text)):
                    yield place, "an argument holds a secret"


def _is_secret(name: str, value: object) -> bool:
    if not isinstance(value, str) or not value or _TEMPLATED.fullmatch(value):
        return False
    return bool(_NAME.search(name)) or bool(_VALUE.search(value) and not _TEMPLATED.search(value))
