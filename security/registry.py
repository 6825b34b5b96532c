"""The scanners by the name of the evidence each one gives: a new scanner is one new file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from scorecard.evidence import Evidence
from scorecard.project import Site
from security import authorisation, committed_secrets, dependencies, http_surface, sessions, source_code, typed_values

SCANNERS: Mapping[str, Callable[[Site], Evidence]] = MappingProxyType(
    {
        "code": source_code.collect,
        "dependencies": dependencies.collect,
        "secrets": committed_secrets.collect,
        "http": http_surface.collect,
        "authorisation": authorisation.collect,
        "sessions": sessions.collect,
        "personal-data": typed_values.collect,
    }
)
