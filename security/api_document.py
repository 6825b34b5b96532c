"""What an OpenAPI document says of who may ask."""

from __future__ import annotations

from typing import Any

import httpx
import yaml

from scorecard.site import Site, is_local

TIMEOUT_S = 10.0
MOST_BYTES = 16 * 1024 * 1024


def fetched(site: Site) -> Any:
    """The document of ``target.openapi`` as JSON values; None where it does not come or is none."""
    assert site.url is not None
    assert site.project.target.openapi is not None
    try:
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=True, trust_env=not is_local(site.url)) as client:
            answer = client.get(site.url.rstrip("/") + site.project.target.openapi)
        return yaml.safe_load(answer.text) if len(answer.content) <= MOST_BYTES else None
    except (httpx.HTTPError, yaml.YAMLError, RecursionError, ValueError):
        return None


def declares_sign_in(document: Any) -> bool:
    """Whether the document requires somebody to be signed in for any operation (OpenAPI 3, ``security``)."""
    if not isinstance(document, dict):
        return False
    paths = document.get("paths")
    operations = [
        operation
        for path in (paths.values() if isinstance(paths, dict) else ())
        for operation in (path.values() if isinstance(path, dict) else ())
        if isinstance(operation, dict)
    ]
    required = [document.get("security"), *(operation.get("security") for operation in operations)]
    return any(isinstance(named, dict) and named for one in required if isinstance(one, list) for named in one)
