"""The scanners by the name of the evidence each one gives: a new scanner is one new file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from scorecard.evidence import Evidence
from scorecard.site import Site
from security import (
    abuse,
    active,
    api,
    authorisation,
    committed_history,
    committed_secrets,
    components,
    containerfile,
    dependencies,
    extras,
    http_surface,
    retention,
    sessions,
    source_code,
    tls,
    traced_values,
    typed_values,
    wapiti,
    workflows,
)

SCANNERS: Mapping[str, Callable[[Site], Evidence]] = MappingProxyType(
    {
        "code": source_code.collect,
        "dependencies": dependencies.collect,
        "secrets": committed_secrets.collect,
        "secrets-history": committed_history.collect,
        "components": components.collect,
        "containerfile": containerfile.collect,
        "workflows": workflows.collect,
        "semgrep": partial(extras.collect, extras.SEMGREP),
        "checkov": partial(extras.collect, extras.CHECKOV),
        "http": http_surface.collect,
        "tls": tls.collect,
        "authorisation": authorisation.collect,
        "sessions": sessions.collect,
        "personal-data": typed_values.collect,
        "personal-traces": traced_values.collect,
        "retention": retention.collect,
        "abuse": abuse.collect,
        "active": active.collect,
        "wapiti": wapiti.collect,
        "api": api.collect,
    }
)
