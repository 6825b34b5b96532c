"""The service as anybody meets it: headers, cookies, other origins, errors, open routes, encryption.

About sixty requests, none of which writes: GET and OPTIONS only, as nobody, one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from scorecard.evidence import Evidence, Fact, Provenance, Status, Text, Unit
from scorecard.site import Site, is_local
from security import cookies, cors, error_pages, exposure, headers
from security.observation import COLLECTOR, Seen, keep, unobserved
from security.redaction import redact
from security.rules import findings
from security.visits import Visit, Visitor, silence

NAME = "http"
FACTS = {
    "security.encrypted": Unit.YES_NO,
    "security.headers_missing": Unit.COUNT,
    "security.csp": Unit.YES_NO,
    "security.hsts_max_age": Unit.SECOND,
    "security.version_exposed": Unit.YES_NO,
    "security.cookies_weak": Unit.COUNT,
    "security.cors_permissive": Unit.YES_NO,
    "security.errors_verbose": Unit.YES_NO,
    "security.errors_unhandled": Unit.COUNT,
    "security.docs_exposed": Unit.YES_NO,
    "security.internals_exposed": Unit.YES_NO,
}
OPENAPI_LIMIT = 4 * 1024 * 1024


def collect(site: Site) -> Evidence:
    """Evidence ``http``: what ``site.url`` shows to a visitor who is not signed in.

    A service elsewhere is probed only when the project says it may be. One that does not answer gives an error; an
    answer that did not come makes the facts that need it unknown.
    """
    if site.url is None:
        return unobserved(site, NAME, Status.ERROR, _NOTHING_RUNS, FACTS)
    if not is_local(site.url) and not site.project.target.remote:
        return unobserved(site, NAME, Status.SKIPPED, _NOT_ALLOWED, FACTS)
    started = datetime.now(UTC)
    with Visitor(site.url) as visitor:
        visits, seen = _look(site, visitor)
        if not any(visit.status is not None for visit in visitor.made):
            return unobserved(site, NAME, Status.ERROR, _dead(visits[0]), FACTS)
    gap = next((one.gap for one in seen if one.gap is not None), None)
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(
            started,
            tool="portance-http",
            version=metadata.version("portance"),
            command=("visit", redact(site.url), *(redact(page) for page in site.project.target.pages)),
        ),
        facts=(_encrypted(site.url), *(fact for one in seen for fact in one.facts)),
        findings=findings(hit for one in seen for hit in one.hits),
        raw=keep(site, NAME, "visits.json", visitor.account()),
    )


def _look(site: Site, visitor: Visitor) -> tuple[list[Visit], list[Seen]]:
    """All visits to the pages, and what each look gave; the looks stop when the pages show that nobody is there."""
    target = site.project.target
    encrypted = visitor.url.startswith("https:")
    _progress(site, 0.0)
    journeys = [visitor.page(path) for path in target.pages]
    visits = [visit for journey in journeys for visit in journey]
    if not any(visit.status is not None for visit in visits):
        return visits, []
    pages, gap = _shown([journey[-1] for journey in journeys])
    seen = [headers.look(pages, gap, encrypted=encrypted), cookies.look(visits, silence(visits), encrypted=encrypted)]
    documented, unread = _documented(visitor, target.openapi)
    _progress(site, 0.3)
    plain = [path for path in documented if "{" not in path]
    seen.append(cors.look(visitor, [*plain[:1], *target.pages]))
    _progress(site, 0.4)
    seen.append(error_pages.look(visitor, documented))
    _progress(site, 0.6)
    seen.append(exposure.look(visitor, target.openapi))
    seen.append(Seen(facts=(), gap=unread))
    return visits, seen


def _shown(ends: list[Visit]) -> tuple[list[Visit], Text | None]:
    """The pages that were shown, and which were not: an error page or another site says nothing about them."""
    pages = [end for end in ends if end.status is not None and end.status < 300]
    others = [end for end in ends if end not in pages]
    if not others:
        return pages, None
    shown = redact(", ".join(f"{end.place} ({_ended(end)})" for end in others[:5]))
    return pages, Text(
        en=f"{len(others)} of target.pages did not answer with a page of the service: {shown}",
        fr=f"{len(others)} pages de target.pages n’ont pas répondu par une page du service : {shown}",
    )


def _ended(visit: Visit) -> str:
    return visit.problem if visit.status is None else str(visit.status)


def _documented(visitor: Visitor, openapi: str | None) -> tuple[list[str], Text | None]:
    """Paths of the API that can be asked for with GET, and why they are not known if they should be."""
    if openapi is None:
        return [], None
    visit = visitor.go(openapi, limit=OPENAPI_LIMIT)
    try:
        document = json.loads(visit.body)
        base = urlsplit(visitor.url).path
        return [path.removeprefix(base) for path in _gets(document)], None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [], Text(
            en=f"target.openapi names {openapi}, which is not an OpenAPI document in JSON: the API was not visited",
            fr=f"target.openapi indique {openapi}, qui n’est pas un document OpenAPI en JSON : l’API n’a pas été "
            "visitée",
        )


def _gets(document: Any) -> Iterator[str]:
    servers = document.get("servers") or [{"url": document.get("basePath", "")}]
    prefix = urlsplit(str(servers[0].get("url", ""))).path.rstrip("/")
    for path, operations in document["paths"].items():
        if isinstance(operations, dict) and "get" in operations and path.startswith("/"):
            yield prefix + path


def _encrypted(url: str) -> Fact:
    scheme = urlsplit(url).scheme
    return Fact(id="security.encrypted", value=scheme == "https", unit=Unit.YES_NO, detail=f"reached over {scheme}")


def _dead(visit: Visit) -> Text:
    return Text(
        en=f"the service does not answer ({visit.problem}): nothing was seen of it",
        fr=f"le service ne répond pas ({visit.problem}) : rien n’en a été vu",
    )


def _progress(site: Site, share: float) -> None:
    site.progress(Text(en="Visiting the service from outside", fr="Visite du service de l’extérieur"), share, None)


_NOT_ALLOWED = Text(
    en="the target is not on this machine: it is probed for open routes only with [target] remote = true, by those "
    "who answer for it",
    fr="la cible n’est pas sur cette machine : ses routes ouvertes ne sont cherchées qu’avec [target] remote = true, "
    "par qui en répond",
)
_NOTHING_RUNS = Text(
    en="no service runs: target.url and target.start are not given, or it did not start",
    fr="aucun service ne tourne : target.url et target.start ne sont pas indiqués, ou il n’a pas démarré",
)
