"""Where the figures come from: by which tools, when, on what machine, and the digest that stands for all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from scorecard.evidence import Evidence, Machine
from scorecard.scorecard import Scorecard

_OWN = "portance"


def digest(card: Scorecard) -> str:
    """The digest of all the evidence that ``card`` was judged on: what the first sheet shows."""
    return digest_of(card.evidence)


def digest_of(evidence: Iterable[Evidence]) -> str:
    """One SHA-256 for the whole evidence: of the lines ``<name> <digest>``, sorted, each with its line feed.

    Whoever holds the files of the run can compute it again; a changed, added or removed piece of evidence changes it.
    """
    lines = sorted(f"{e.name} {e.digest or e.computed_digest()}\n" for e in evidence)
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def tools(card: Scorecard) -> tuple[str, ...]:
    """The tools that observed, with their versions, each once; the parts of this program are one, and come first."""
    found = sorted((p.tool, p.version) for p in (e.provenance for e in card.evidence) if p is not None)
    own = {f"Portance {version}" for tool, version in found if tool.startswith(_OWN)}
    others = (f"{tool} {version}".strip() for tool, version in found if not tool.startswith(_OWN))
    return tuple(sorted(own)) + tuple(dict.fromkeys(others))


def machines(card: Scorecard) -> tuple[Machine, ...]:
    """The machines that anything was measured on, each once."""
    found: dict[str, Machine] = {}
    for item in card.evidence:
        if item.provenance is not None and (machine := item.provenance.machine) is not None:
            found.setdefault(machine.model_dump_json(), machine)
    return tuple(found.values())


def span(card: Scorecard) -> tuple[datetime, datetime] | None:
    """When the first observation began and the last one ended; None where nothing was observed."""
    found = [e.provenance for e in card.evidence if e.provenance is not None]
    if not found:
        return None
    ends = [p.started + timedelta(seconds=p.duration_s) for p in found]
    return min(p.started for p in found), max(ends)
