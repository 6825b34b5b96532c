"""Personal values in the traces of a run: what people typed must not travel to whoever operates the service.

The traces come from the receiver of the run, after the load. The made-up people of the journeys are known by their
addresses and their names; other numbers by the keys their makers gave them. No evidence quotes a value.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from urllib.parse import unquote_plus

from scorecard.evidence import Evidence, Provenance, Severity, Status, Text, Unit
from scorecard.journeys import templates
from scorecard.journeys.people import NAMES, is_made_up_email
from scorecard.personal_data import Kind, find, spellings
from scorecard.site import Site
from security.observation import COLLECTOR, count, unobserved
from security.redaction import redact
from security.rules import Hit, Rule, findings

NAME = "personal-traces"
FACTS = {"security.personal_values_in_traces": Unit.COUNT}
READ_S = 20.0
"""Longest time to read for; traces of a long load repeat themselves."""
Texts = Iterable[tuple[str, str]]
"""Name of an attribute (or "name" of a span, an event) and its value."""
_SOUGHT = frozenset({Kind.NIR, Kind.IBAN, Kind.EMAIL, Kind.TELEPHONE})
_PERSONAL = frozenset({"email", "name", "iban"})
"""Placeholders of the journeys that stand for something about a person."""
_SURNAMES = sorted({max(re.findall(r"[A-Za-z]+", name.split()[-1]), key=len) for name in NAMES})
# Whatever is sought holds one of these; most of what a trace says holds none.
_PROMISING = re.compile(r"@|%40|\d\d[\d .%20+-]{7,}|[A-Z]{2}\d\d|" + "|".join(_SURNAMES))
_MADE_UP = re.compile("|".join(sorted({re.escape(way) for name in NAMES for way in spellings(name)})))


def collect(site: Site, texts: Texts | None = None) -> Evidence:
    """Evidence ``personal-traces``: attributes of spans that held a personal value.

    Without a trace nothing is known; where the journeys type nothing personal, that none was seen clears nothing.
    """
    if texts is None:
        return unobserved(site, NAME, Status.SKIPPED, _NO_RECEIVER, FACTS)
    started = datetime.now(UTC)
    typed = _typed(site)
    own = _own_addresses(site)
    found: dict[tuple[Kind, str], int] = {}
    seen: set[str] = set()
    read = 0
    gap: Text | None = None if typed or own else _NOTHING_TYPED
    until = time.monotonic() + READ_S
    for attribute, text in texts:
        read += 1
        if text in seen or not _PROMISING.search(text):
            continue
        seen.add(text)
        for kind in _kinds(text, own, named="name" in typed):
            found[kind, attribute] = found.get((kind, attribute), 0) + 1
        if read % 1000 == 0 and time.monotonic() > until:
            gap = _TOO_MANY
            break
    if not read:
        return unobserved(site, NAME, Status.SKIPPED, _NO_TRACE, FACTS)
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(
            started, tool="portance-traced", version=metadata.version("portance"), command=("read", "traces")
        ),
        facts=(count("security.personal_values_in_traces", len(found), gap, f"{read} values of spans read"),),
        findings=findings(_hit(kind, attribute) for kind, attribute in sorted(found)),
    )


def _typed(site: Site) -> set[str]:
    """Which values of a made-up person the journeys type."""
    return {name for one in site.project.journeys for step in one.steps for name in templates.used(step)} & _PERSONAL


def _own_addresses(site: Site) -> frozenset[str]:
    """E-mail addresses that the journeys of the project file themselves type."""
    written = " ".join(str([step.json_, step.form, step.path]) for one in site.project.journeys for step in one.steps)
    return frozenset(one.value for one in find(written) if one.kind is Kind.EMAIL)


def _kinds(text: str, own: frozenset[str], *, named: bool) -> set[Kind]:
    """Kinds of personal values in ``text``; names are those of the made-up people, where the journeys use them."""
    kinds = {Kind.NAME} if named and _MADE_UP.search(text) else set()
    for one in (*find(text), *(find(unquote_plus(text)) if "%" in text or "+" in text else ())):
        # a trace may name an address of the service itself: only those of the journeys are somebody's for certain
        certain = one.kind is not Kind.EMAIL or one.value in own or is_made_up_email(one.value)
        if one.kind in _SOUGHT and certain:
            kinds.add(one.kind)
    return kinds


def _hit(kind: Kind, attribute: str) -> Hit:
    name = redact(attribute)[:120]
    message = f"The attribute {name} of spans held a personal value ({kind.value})."
    place = f"trace {name}"
    return Hit("personal-data", "personal-data-in-trace", _RULE, place, place, kind.value, message)


_RULE = Rule(
    Severity.HIGH,
    "CWE-532",
    "v5.0.0-16.2.5",
    "Let spans carry routes with their placeholders, statuses and identifiers of requests; no body, no query, no "
    "parameter of a statement.",
)
_NO_RECEIVER = Text(
    en="no trace was received: traces are looked at in a run that starts the service and asks it for them",
    fr="aucune trace n’a été reçue\u202f: les traces sont examinées dans une évaluation qui démarre le service et les "
    "lui demande",
)
_NO_TRACE = Text(
    en="the service sent no trace, so none was read",
    fr="le service n’a envoyé aucune trace, aucune n’a donc été lue",
)
_NOTHING_TYPED = Text(
    en="the journeys type no personal value, so none of them could show in a trace: let them use {email}, {name} or "
    "{iban}",
    fr="les parcours ne saisissent aucune valeur personnelle, aucune ne pouvait donc paraître dans une trace\u202f: "
    "leur faire utiliser {email}, {name} ou {iban}",
)
_TOO_MANY = Text(
    en=f"the traces were not read to their end in {READ_S:.0f} s",
    fr=f"les traces n’ont pas été lues jusqu’au bout en {READ_S:.0f} s",
)
