"""Where two rooms meet: one renders the manifests, the other holds them against the schemas."""

from __future__ import annotations

from pathlib import Path

import k8s.render
from k8s.documents import ManifestError
from scorecard.evidence import Evidence
from scorecard.site import Site
from security import manifest_schemas
from security.manifest_schemas import Rendered
from security.tool import ToolError


def collect(site: Site) -> Evidence:
    """Evidence ``manifest-schemas`` of the manifests as they would be applied."""
    return manifest_schemas.collect(site, render=rendered)


def rendered(path: Path) -> Rendered:
    """The resources at ``path``.

    Raises:
        ToolError: nothing can be known of them.
    """
    try:
        reading = k8s.render.render(path)
    except ManifestError as error:
        raise ToolError(error.text) from error
    return Rendered([(one.source, one.body) for one in reading.resources], reading.problems)
