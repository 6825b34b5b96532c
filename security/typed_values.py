"""Where the personal values typed in the journeys turn up: in the log of the service, in addresses, errors, metrics.

The values are made up and known, so that a hit is certain. No evidence quotes one. What identifies a firm (SIREN,
SIRET) is in a public register and is not counted; see docs/decisions/0035.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import unescape
from importlib import metadata
from random import Random, SystemRandom
from urllib.parse import parse_qsl, urlencode

import httpx

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.journeys.cast import in_order, last_but, left_undone
from scorecard.journeys.exchange import Budget, Reply, Sent, build, client, deliver
from scorecard.journeys.person import Exchange, Person, is_of
from scorecard.journeys.sessions import ends_session
from scorecard.journeys.typed import held, route, typed
from scorecard.personal_data import IN_WORDS, Kind
from scorecard.project_journeys import Journey
from scorecard.site import Site
from security.logged_values import held_in_log
from security.observation import COLLECTOR, count, keep, unknown, unobserved
from security.playable import refusal
from security.redaction import redact
from security.rules import Hit, Rule, findings
from security.shown_metrics import PATHS, held_in_metrics

NAME = "personal-data"
FACTS = {
    "security.personal_values_in_log": Unit.COUNT,
    "security.personal_values_in_urls": Unit.COUNT,
    "security.personal_values_in_errors": Unit.COUNT,
    "security.personal_values_in_metrics": Unit.COUNT,
}
_LINK = re.compile(r"(?i)\b(?:href|src|action)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass
class Walk:
    """What was typed, and where it was seen: places are ``METHOD /path`` by kind of value."""

    typed: dict[str, Kind] = field(default_factory=dict)
    in_urls: set[tuple[Kind, str]] = field(default_factory=set)
    in_errors: set[tuple[Kind, str]] = field(default_factory=set)
    in_metrics: set[tuple[Kind, str]] = field(default_factory=set)
    done: set[tuple[str, str]] = field(default_factory=set)
    errors_seen: int = 0
    stopped: Text | None = None


def collect(site: Site, *, random: Random | None = None, budget: Callable[[], Budget] = Budget) -> Evidence:
    """Evidence ``personal-data``: the personal values of one more person a journey, looked for after they were typed.

    The log is what the service printed, when this run started it; elsewhere it is unknown.
    """
    refused = refusal(site)
    if refused is not None:
        return unobserved(site, NAME, *refused, FACTS)
    assert site.url is not None
    started = datetime.now(UTC)
    chance = SystemRandom() if random is None else random
    walk, allowed = Walk(), budget()
    for journey in in_order(site):
        site.progress(Text(en="Typing personal values", fr="Saisie de valeurs personnelles"), 0.5, None)
        _go(site, site.url.rstrip("/"), journey, walk, chance, allowed)
    if not walk.typed:
        return unobserved(site, NAME, Status.SKIPPED, _NOTHING_TYPED if walk.stopped is None else walk.stopped, FACTS)
    walk.in_metrics, shown = held_in_metrics(site.url.rstrip("/"), walk.typed, budget)
    logged, log_gap, size = held_in_log(site.run / "raw" / "service" / "service.log", walk.typed)
    gap = walk.stopped if walk.stopped is not None else log_gap
    said = f"{len(walk.typed)} values ({', '.join(sorted({kind.value for kind in walk.typed.values()}))})"
    facts = (
        count("security.personal_values_in_log", len(logged), gap, f"{said}, {size} bytes read"),
        count("security.personal_values_in_urls", len(walk.in_urls), walk.stopped, said),
        _errors(walk),
        count(
            "security.personal_values_in_metrics",
            len(walk.in_metrics),
            walk.stopped,
            f"metrics are shown at {', '.join(shown)}" if shown else f"no metrics are shown at {', '.join(PATHS)}",
        ),
    )
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(
            started, tool="portance-typed", version=metadata.version("portance"), command=("type", redact(site.url))
        ),
        facts=facts,
        findings=findings(_hits(logged, walk)),
        raw=keep(site, NAME, "places.json", _account(walk, logged)),
    )


def _go(site: Site, url: str, journey: Journey, walk: Walk, random: Random, budget: Budget) -> None:
    person = last_but(site, journey, 0, random, budget)
    assert person is not None
    made: list[Exchange] = []
    try:
        for step in journey.steps:
            if ends_session(step.path):
                continue
            walk.typed |= typed(step, person.values)
            taken = person.take(step)
            made += [exchange for exchange in taken.exchanges if is_of(url, exchange.sent)]
            if taken.over and not left_undone(journey, step, walk.done):
                break
            if not taken.succeeded:
                walk.stopped = _stopped(journey, step.label, taken.trouble or "")
                break
            walk.done.add((step.method, step.path))
        made += _incomplete(url, made, person, budget)
    finally:
        person.close()
    for exchange in made:
        _look(walk, url, person, exchange)


def _incomplete(url: str, made: list[Exchange], person: Person, budget: Budget) -> list[Exchange]:
    """What was sent, sent again without its first field: a form filled in badly, as people do."""
    again: list[Exchange] = []
    with client(url) as browser:
        for exchange in made:
            sent = _without_first_field(exchange.sent)
            if sent is None:
                continue
            cookie = person.cookie_for(sent.url)
            headers = {**sent.headers, "cookie": cookie} if cookie else sent.headers
            try:
                request = build(browser, replace(sent, headers=headers))
            except (httpx.InvalidURL, ValueError):
                continue
            reply, _ = deliver(browser, request, budget)
            browser.cookies.clear()
            again.append(Exchange(sent, cookie, reply))
    return again


def _without_first_field(sent: Sent) -> Sent | None:
    if sent.body is None:
        return None
    if "json" in sent.headers.get("content-type", ""):
        fields = json.loads(sent.body)
        if not isinstance(fields, dict) or len(fields) < 2:
            return None
        return replace(sent, body=json.dumps(dict(list(fields.items())[1:]), ensure_ascii=False).encode())
    pairs = parse_qsl(sent.body.decode(), keep_blank_values=True)
    return replace(sent, body=urlencode(pairs[1:]).encode()) if len(pairs) > 1 else None


def _look(walk: Walk, url: str, person: Person, exchange: Exchange) -> None:
    sent, reply = exchange.sent, exchange.reply
    place = f"{sent.method} {route(sent.url, person.values, walk.typed)}"
    addresses = [sent.url, reply.headers.get("location", ""), *_links(reply)]
    walk.in_urls |= {(kind, place) for address in addresses for kind in held(address, walk.typed)}
    if reply.status is not None and reply.status >= 400:
        walk.errors_seen += 1
        # a page shows a person their own form again; a document goes into the log of whoever called
        if reply.status >= 500 or "html" not in reply.headers.get("content-type", ""):
            walk.in_errors |= {(kind, place) for kind in held(reply.text, walk.typed)}


def _links(reply: Reply) -> list[str]:
    if "html" not in reply.headers.get("content-type", ""):
        return []
    found = (unescape(match[1] if match[1] is not None else match[2]) for match in _LINK.finditer(reply.text))
    return [link for link in found if not link.lower().startswith(("mailto:", "tel:", "data:", "#"))]


def _errors(walk: Walk) -> Fact:
    if not walk.errors_seen:
        return unknown("security.personal_values_in_errors", Unit.COUNT, _NO_ERROR)
    detail = f"{walk.errors_seen} errors seen"
    return count("security.personal_values_in_errors", len(walk.in_errors), walk.stopped, detail)


def _hits(logged: dict[str, Kind], walk: Walk) -> list[Hit]:
    hits = [
        _hit(_LOG_RULE, "personal-data-in-log", "service.log", kind, "stands in what the service printed")
        for kind in sorted(set(logged.values()))
    ]
    hits += [
        _hit(_URL_RULE, "personal-data-in-url", place, kind, "stands in an address, a redirect or a link there")
        for kind, place in sorted(walk.in_urls)
    ]
    hits += [
        _hit(_METRICS_RULE, "personal-data-in-metrics", place, kind, "is a label of the metrics that anybody may read")
        for kind, place in sorted(walk.in_metrics)
    ]
    hits += [
        _hit(_ERROR_RULE, "personal-data-in-error", place, kind, "is sent back in an error")
        for kind, place in sorted(walk.in_errors)
    ]
    return hits


def _hit(rule: Rule, name: str, place: str, kind: Kind, where: str) -> Hit:
    message = f"A value typed in a journey ({IN_WORDS[kind]}) {where}."
    return Hit("personal-data", name, rule, place, place, kind.value, message, confidence="HIGH")


def _account(walk: Walk, logged: dict[str, Kind]) -> dict[str, object]:
    return {
        "typed": sorted(kind.value for kind in walk.typed.values()),
        "log": sorted(kind.value for kind in logged.values()),
        "urls": sorted([kind.value, place] for kind, place in walk.in_urls),
        "errors": sorted([kind.value, place] for kind, place in walk.in_errors),
        "metrics": sorted([kind.value, place] for kind, place in walk.in_metrics),
    }


def _stopped(journey: Journey, step: str, trouble: str) -> Text:
    return Text(
        en=redact(f"the journey {journey.name} stopped at the step “{step}”: {trouble}"),
        fr=redact(f"le parcours {journey.name} s’est arrêté à l’étape « {step} »"),
    )


_LOG_RULE = Rule(
    Severity.HIGH,
    "CWE-532",
    "v5.0.0-16.2.5",
    "Log an identifier of the request and of the account, never what was typed: no body, no query, no form.",
)
_URL_RULE = Rule(
    Severity.MEDIUM,
    "CWE-598",
    "v5.0.0-14.2.1",
    "Send personal values in the body, and name objects by an identifier that says nothing.",
)
_ERROR_RULE = Rule(
    Severity.LOW,
    "CWE-209",
    "v5.0.0-16.5.1",
    "Name the field that is wrong in an error, and do not send its value, or the whole document, back.",
)
_METRICS_RULE = Rule(
    Severity.HIGH,
    "CWE-359",
    "v5.0.0-14.2.4",
    "Label a metric with the route and the status, never with what tells one person from another.",
)
_NOTHING_TYPED = Text(
    en="the journeys type no personal value: let them use {email}, {name} or {iban}",
    fr="les parcours ne saisissent aucune valeur personnelle : leur faire utiliser {email}, {name} ou {iban}",
)
_NO_ERROR = Text(
    en="no request made the service answer with an error, so none was read",
    fr="aucune requête n’a fait répondre le service par une erreur, aucune n’a donc été lue",
)
