"""What the pages of a service lead to beyond the journeys: their links and their forms, a few pages deep."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from scorecard.journeys.exchange import Reply, Sent
from scorecard.journeys.person import is_of
from scorecard.journeys.sessions import ends_session
from security import forms
from security.active_journeys import Played
from security.active_prober import Prober

PAGES = 30
_IDENTIFIER = re.compile(r"(?i)(?<=/)(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{12,})(?=/|$)")
# What one person gives up here would be wanted again by the rest of the run.
_GIVES_UP = re.compile(r"(?i)delet|remov|cancel|withdraw|supprim|annul|retir|effac")


@dataclass(frozen=True)
class Offer:
    """A request that a page offers to somebody, with its answer when it was made; ``files`` are fields for files."""

    route: str
    sent: Sent
    played: Played
    reply: Reply | None = None
    files: tuple[str, ...] = ()


@dataclass
class Crawl:
    """What was found: pages visited, forms that may be sent."""

    pages: list[Offer] = field(default_factory=list)
    forms: list[Offer] = field(default_factory=list)


def crawl(played: list[Played], prober: Prober) -> Crawl:
    """Follow the links of the pages of the journeys, each form of address once, :data:`PAGES` pages at most."""
    found = Crawl()
    known = {f"{m} {_IDENTIFIER.sub('{id}', path)}" for one in played for m, path in one.routes(prober.url)}
    waiting = deque(
        Offer("", exchange.sent, one, exchange.reply)
        for one in played
        for taken in one.taken
        for exchange in taken.exchanges
        if is_of(prober.url, exchange.sent)
    )
    while waiting and len(found.pages) < PAGES:
        offer = waiting.popleft()
        if offer.reply is None:
            reply = prober.send(offer.sent, offer.played.owner.cookie_for(offer.sent.url))
            if not reply.accepted and not reply.location:
                continue
            offer = Offer(offer.route, offer.sent, offer.played, reply)
            found.pages.append(offer)
        for new in _offers(offer, prober.url):
            if new.route not in known:
                known.add(new.route)
                (found.forms if new.sent.body is not None or new.files else waiting).append(new)
    return found


def _offers(offer: Offer, url: str) -> Iterator[Offer]:
    assert offer.reply is not None
    if "html" not in offer.reply.headers.get("content-type", ""):
        return
    page = forms.read(offer.reply.text)
    headers = offer.played.credentials
    for link in page.links:
        yield from _offer(offer, url, "GET", link, headers, {})
    for form in page.forms:
        method = "POST" if form.method == "POST" else "GET"
        fields = {name: value or name[:20] for name, value in form.fields.items()}
        yield from _offer(offer, url, method, form.action, headers, fields, tuple(form.files))


def _offer(
    offer: Offer,
    url: str,
    method: str,
    target: str,
    headers: dict[str, str],
    fields: dict[str, str],
    files: tuple[str, ...] = (),
) -> Iterator[Offer]:
    try:
        address = urldefrag(urljoin(offer.sent.url, target)).url
        parts = urlsplit(address)
    except ValueError:
        return
    if parts.scheme not in ("http", "https") or _GIVES_UP.search(parts.path) or ends_session(parts.path):
        return
    body = None
    if method == "GET" and fields:
        address = f"{address.partition('?')[0]}?{urlencode(fields)}"
    elif method == "POST":
        headers = {**headers, "content-type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
    sent = Sent(method, address, headers, body)
    if is_of(url, sent):
        names = ",".join(sorted({pair.partition("=")[0] for pair in urlsplit(address).query.split("&")} - {""}))
        path = _IDENTIFIER.sub("{id}", parts.path)
        # a page whose address names nothing it could be asked about is one route with or without a query
        yield Offer(f"{method} {path}" + (f"?{names}" if names else ""), sent, offer.played, None, files)
