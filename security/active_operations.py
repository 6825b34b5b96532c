"""What a service documents beyond its journeys, tried too; and the places that take a file or a long text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from urllib.parse import parse_qsl, urlsplit

from scorecard.journeys.exchange import Reply, Sent
from scorecard.journeys.sessions import ends_session
from scorecard.project_journeys import Step
from scorecard.site import Site
from security.active_crawl import Offer, crawl
from security.active_journeys import Played, route_of
from security.active_plan import Known, covers, members, request
from security.active_points import points, put
from security.active_prober import Aim, Prober
from security.active_upload import SMALL, try_upload
from security.operations import Operation, operations

Cookie = Callable[[str], str]
Author = tuple[Cookie, dict[str, str]]
"""The cookies and the credential headers of somebody."""
ENOUGH = 3


@dataclass(frozen=True)
class Upload:
    """A route that takes a file or a text: ``make`` gives a request that carries given bytes."""

    route: str
    make: Callable[[bytes], Sent]
    cookie: Cookie
    is_file: bool = False


@dataclass
class Surface:
    """What there was to try.

    Attributes:
        meant: requests that were to be altered; ``reached`` of them were accepted unaltered, ``unreached`` were not.
        troubles: what kept something from being tried at all; ``unsent`` are bodies of which nothing is known.
        reads: route, request and Cookie header of what may be read.
        uploads: where a large body may be sent.
    """

    meant: int = 0
    reached: int = 0
    unreached: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    reads: list[tuple[str, Sent, str]] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)


def survey(site: Site, played: list[Played], random: Random, prober: Prober) -> Surface:
    """Try every operation of the OpenAPI document that no journey makes, by whoever of the journeys may."""
    surface = Surface(troubles=[one.trouble for one in played if one.trouble is not None])
    surface.meant = sum(len(one.steps) for one in played)
    surface.reached = sum(taken.succeeded for one in played for taken in one.taken)
    asked = {route for one in played for route in one.routes(prober.url)}
    authors: list[Author] = [(one.owner.cookie_for, one.credentials) for one in played]
    authors.append((lambda _: "", {}))
    values = {name: value for one in reversed(played) for name, value in one.owner.values.items()}
    linked = crawl(played, prober)
    known = Known([path for one in played for _, path in one.routes(prober.url)], values)
    known.paths[:0] = [urlsplit(offer.sent.url).path for offer in (*linked.pages, *linked.forms)]
    documented = _documented(site, prober, surface)
    for operation in sorted(documented, key=lambda one: (one.method != "GET", one.path.count("{"))):
        if operation.method == "DELETE" or ends_session(operation.path) or covers(operation, asked):
            continue
        _try(operation, known, random, authors, surface, prober)
    for offer in (*linked.pages, *linked.forms):
        parts = urlsplit(offer.sent.url)
        if not any(covers(operation, [(offer.sent.method, parts.path)]) for operation in documented):
            _follow(offer, surface, prober)
    for one in played:
        surface.uploads += [found for step in one.steps[: len(one.taken)] if (found := _text(one, step, prober.url))]
    return surface


def upload(surface: Surface, prober: Prober) -> None:
    """Send a large body where one is taken, each route once.

    A limit that refused :data:`ENOUGH` texts in a row with 413 stands before the routes: the other texts are left, but
    where there is time for all.
    """
    refused = 0
    planned = {one.route: one for one in surface.uploads}.values()
    for one in sorted(planned, key=lambda one: not one.is_file):
        if refused >= ENOUGH and not one.is_file and not prober.thorough:
            continue
        proof, gap, large = try_upload(one.make, partial(_sent, prober, one.cookie))
        refused = refused + 1 if large.status == 413 else 0
        if proof is not None:
            prober.keep(one.route, "body", proof)
        if gap is not None:
            surface.unsent.append(f"{one.route}: {gap}")


def _follow(offer: Offer, surface: Surface, prober: Prober) -> None:
    """Try what a page offers and no document describes."""
    route, cookie = offer.route.partition("?")[0], offer.played.owner.cookie_for
    if offer.sent.is_safe:
        surface.reads.append((route, offer.sent, cookie(offer.sent.url)))
    segments = frozenset(segment for segment in urlsplit(offer.sent.url).path.split("/") if re.search(r"\d", segment))
    prober.try_all(Aim(route, lambda: offer.sent, cookie, segments, offer.reply))
    if offer.files:
        form = Operation(
            "POST",
            urlsplit(offer.sent.url).path,
            media="multipart",
            body=dict(parse_qsl((offer.sent.body or b"").decode())) | dict.fromkeys(offer.files, ""),
            files=offer.files,
        )
        known = Known([], offer.played.owner.values)
        make = _carrier(form, known, prober.random, offer.played.credentials, prober.url)
        surface.uploads.append(Upload(route, make, cookie, is_file=True))


def _sent(prober: Prober, cookie: Cookie, sent: Sent) -> Reply:
    return prober.send(sent, cookie(sent.url))


def _documented(site: Site, prober: Prober, surface: Surface) -> list[Operation]:
    path = site.project.target.openapi
    if path is None:
        return []
    reply = prober.send(Sent("GET", prober.url + path), "")
    if not reply.accepted:
        surface.troubles.append(f"target.openapi names {path}, which was answered {reply.ended}")
        return []
    try:
        document = json.loads(reply.body)
        found, left_out = operations(document)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        surface.troubles.append(f"target.openapi names {path}, which is no OpenAPI document in JSON")
        return []
    surface.meant += left_out
    return found


def _try(
    operation: Operation, known: Known, random: Random, authors: list[Author], surface: Surface, prober: Prober
) -> None:
    """Try ``operation`` in the name of the first author it is open to, of the last one if it is open to nobody."""
    surface.meant += 1
    tried = []
    for cookie, headers in authors:
        make = request(prober.url, operation, known, random, headers)
        sent = make()
        base = prober.send(sent, cookie(sent.url))
        tried.append((_closed(base), cookie, headers, make, sent, base))
        if not _closed(base):
            break
    _, cookie, headers, make, sent, base = min(tried, key=lambda one: one[0])
    if not _closed(base):
        surface.reached += 1
        if sent.is_safe:
            surface.reads.append((operation.route, sent, cookie(sent.url)))
            known.paths.extend(members(urlsplit(sent.url).path, base))
    else:
        surface.unreached.append(f"{operation.route} ({base.ended})")
    prober.try_all(Aim(operation.route, make, cookie, frozenset(known.segments(operation).values()), base))
    if operation.media != "":
        carrier = _carrier(operation, known, random, headers, prober.url)
        surface.uploads.append(Upload(operation.route, carrier, cookie, is_file=bool(operation.files)))


def _closed(reply: Reply) -> int:
    """How far an answer is from yes: what is refused for a value is nearer than what is refused to a person."""
    if reply.accepted or (reply.status is not None and 300 <= reply.status < 400):
        return 0
    return {400: 1, 409: 1, 422: 1, 404: 2, 403: 3}.get(reply.status or 0, 4)


def _carrier(
    operation: Operation, known: Known, random: Random, headers: dict[str, str], url: str
) -> Callable[[bytes], Sent]:
    def carry(content: bytes) -> Sent:
        if operation.files:
            return request(url, operation, known, random, headers, content)()
        sent = request(url, operation, known, random, headers)()
        return _longest(sent, content)

    return carry


def _text(one: Played, step: Step, url: str) -> Upload | None:
    """The step of a journey that writes, with a long text; None for one that does not."""
    route = route_of(url, one.owner, step)
    if route is None or (step.json_ is None and step.form is None):
        return None
    return Upload(route, lambda content: _longest(one.owner.write(step), content), one.owner.cookie_for)


def _longest(sent: Sent, content: bytes) -> Sent:
    """``sent`` with ``content`` as the longest text of its body: what has no limit of its own is a long text."""
    places = [point for point in points(sent, ()) if point.where in ("form", "json")]
    if not places or content == SMALL:
        return sent
    return put(sent, max(places, key=lambda point: len(point.value)), "x" * len(content))
