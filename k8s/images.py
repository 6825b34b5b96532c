"""Are images pinned, so that what was tested is what runs?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from k8s.workloads import Cluster, Outcome, Workload, all_hold, finding
from scorecard.evidence import Finding, Severity

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_EXACT = re.compile(r"v?\d+\.\d+\.\d+([-+._].+)?|[0-9a-f]{40}")


def pinned(cluster: Cluster) -> Outcome:
    """Every image is named by its digest, or by a version of three numbers or a whole commit; the detail counts each.

    "3.12" and "16" move with each release, as "latest" does; a version of three numbers is moved only on purpose.
    """
    ways = Counter(way(_image(body)) for w in cluster.workloads for body in (c.body for c in w.containers))
    detail = ", ".join(f"{ways[name]} by {name}" for name in ("digest", "version") if ways[name])
    return all_hold((found for workload in cluster.workloads for found in _workload(workload)), detail)


def _workload(workload: Workload) -> Iterator[Finding]:
    for container in workload.containers:
        image = _image(container.body)
        if way(image) == "":
            message = f"the image {image[:200]!r} is not pinned" if image else "no image"
            remedy = "Name the image by its digest (name@sha256:…)."
            yield finding("image-pinned", Severity.MEDIUM, workload, message, remedy, container)


def _image(container: dict[str, object]) -> str:
    return str(container.get("image", ""))


def way(image: str) -> str:
    """How an image is pinned: "digest", "version", or "" when it is not."""
    name, at, digest = image.partition("@")
    if at:
        return "digest" if _DIGEST.fullmatch(digest) else ""
    tag = name.rpartition("/")[2].partition(":")[2]
    return "version" if _EXACT.fullmatch(tag) else ""
