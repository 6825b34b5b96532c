"""What the scanners share in stating what they saw, and what they did not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorecard.evidence import Evidence, Fact, Provenance, Status, Text, Unit
from scorecard.site import Site
from security.redaction import redact
from security.rules import Hit

COLLECTOR = "security"


@dataclass(frozen=True)
class Seen:
    """What one look at a service gave; ``gap`` says what it could not look at, None when it saw all it meant to."""

    facts: tuple[Fact, ...]
    hits: tuple[Hit, ...] = ()
    gap: Text | None = None


def unobserved(
    site: Site,
    name: str,
    status: Status,
    reason: Text,
    facts: Mapping[str, Unit],
    provenance: Provenance | None = None,
) -> Evidence:
    """Evidence that nothing was observed: every fact of ``facts`` is unknown for the same ``reason``."""
    return Evidence(
        name=name,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=status,
        reason=reason,
        provenance=provenance,
        facts=tuple(unknown(fact, unit, reason) for fact, unit in facts.items()),
    )


def no_key(key: str, en: str, fr: str) -> Text:
    """Reason of a scan skipped because portance.toml does not say what to look at."""
    return Text(
        en=f"{key} is not given in portance.toml: add it to have {en}",
        fr=f"{key} n’est pas indiqué dans portance.toml : l’ajouter pour que {fr}",
    )


def unknown(fact: str, unit: Unit, reason: Text, detail: str = "") -> Fact:
    """A fact that could not be observed."""
    return Fact(id=fact, value=None, unit=unit, reason=reason, detail=detail)


def count(fact: str, found: int, gap: Text | None, detail: str = "") -> Fact:
    """A count of things found by a search that has ``gap`` (None when everything was searched).

    With a gap, nothing found is unknown, and something found is a lower bound: it is there, and there may be more.
    """
    if gap is None:
        return Fact(id=fact, value=found, unit=Unit.COUNT, detail=detail)
    if found == 0:
        return unknown(fact, Unit.COUNT, gap, detail)
    return Fact(id=fact, value=found, unit=Unit.COUNT, low=found, reason=_at_least(gap), detail=detail)


def yes_no(fact: str, value: bool | None, gap: Text, detail: str = "") -> Fact:
    """A yes or no; None is unknown because of ``gap``."""
    if value is None:
        return unknown(fact, Unit.YES_NO, gap, detail)
    return Fact(id=fact, value=value, unit=Unit.YES_NO, detail=detail)


def keep(site: Site, name: str, file: str, document: Any) -> dict[str, str]:
    """Write ``document`` as JSON, every text in it redacted, into the raw folder of evidence ``name``.

    Returns: path in the folder of the run, and SHA-256 of the content, as :attr:`Evidence.raw` wants them.
    """
    content = json.dumps(_redacted(document), ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
    path = site.raw(name) / file
    path.write_bytes(content)
    return {path.relative_to(site.run).as_posix(): hashlib.sha256(content).hexdigest()}


def _redacted(document: Any) -> Any:
    match document:
        case str():
            return redact(document)
        case dict():
            return {redact(str(key)): _redacted(value) for key, value in document.items()}
        case list() | tuple():
            return [_redacted(value) for value in document]
        case _:
            return document


def _at_least(gap: Text) -> Text:
    return Text(en=f"at least: {gap.en}", fr=f"au moins : {gap.fr}")
