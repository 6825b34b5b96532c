"""What a page sends to others, and whether it holds a value that was typed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self
from urllib.parse import unquote_plus

from playwright.async_api import BrowserContext, Request

from observability.browser import origin
from observability.views import Leak
from scorecard.journeys.typed import held

_MOST_BYTES = 1024 * 1024
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")

_SHOW_BODIES = """(() => {
  const read = async body => {
    if (body instanceof Request) return await body.clone().text();
    if (body instanceof Blob) return await body.text();
    if (body instanceof FormData)
      return (await Promise.all([...body.values()].map(one => one instanceof Blob ? one.text() : one))).join('\\n');
    return null;  // a string and a buffer are told by the protocol
  };
  const tell = (url, body) => {
    read(body).then(text => { if (text !== null) window.__portance_sent(String(new URL(url, location.href)), text); })
      .catch(() => {});
  };
  const beacon = navigator.sendBeacon.bind(navigator);
  navigator.sendBeacon = (url, body) => { tell(url, body); return beacon(url, body); };
  const ask = window.fetch.bind(window);
  window.fetch = (what, more) => {
    if (what instanceof Request) tell(what.url, what); else tell(what, more?.body);
    return ask(what, more);
  };
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.__url = url; return open.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.send = function (body) { tell(this.__url, body); return send.call(this, body); };
})()"""
"""The browser's protocol leaves out bodies that are files or hold some: the page is made to show them."""


@dataclass
class Outbox:
    """Watches requests to other origins than ``own`` for ``values`` (by kind); what it keeps is kinds, never values."""

    own: str | None
    values: Mapping[str, str]
    leaks: set[Leak] = field(default_factory=set)

    @classmethod
    def of(cls, url: str, values: Mapping[str, str]) -> Self:
        """The outbox of pages of the service at ``url``."""
        return cls(origin(url), values)

    def request(self, request: Request) -> None:
        """Look at a request: its address, its headers, its body. Where a form or a link leads is none of a script."""
        there = origin(request.url)
        if there is None or there == self.own or request.is_navigation_request():
            return
        body = request.post_data_buffer or b""
        self._look(there, [request.url, *request.headers.values(), *bodies(body)])

    def said(self, url: str, text: str) -> None:
        """Look at an address and a body that the protocol does not tell as a request."""
        there = origin(url)
        if there is not None and there != self.own:
            self._look(there, [url, text[:_MOST_BYTES]])

    def _look(self, there: str, texts: list[str]) -> None:
        if not self.values:
            return
        for text in texts:
            for reading in readings(text):
                kinds = held(reading, self.values) | {kind for mark, kind in self._marks.items() if mark in reading}
                self.leaks |= {Leak(kind, there) for kind in kinds}

    @cached_property
    def _marks(self) -> dict[str, str]:
        """Fingerprints of the values, as advertisers ask for them: an e-mail address in small letters, hashed."""
        return {
            digest(value.strip().lower().encode()).hexdigest(): kind
            for value, kind in self.values.items()
            for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5)
        }


async def show_bodies(context: BrowserContext, tell: Callable[[str, str], None]) -> None:
    """Have ``tell`` told the address and the body of what pages of ``context`` send that the protocol leaves out."""
    await context.expose_binding("__portance_sent", lambda _, url, text: tell(url, text))
    await context.add_init_script(_SHOW_BODIES)


def bodies(body: bytes) -> Iterator[str]:
    """A body as text, and inflated where it is compressed; at most a megabyte of it."""
    body = body[:_MOST_BYTES]
    yield body.decode("utf-8", "replace")
    if body[:2] in (b"\x1f\x8b", b"\x78\x9c", b"\x78\x01", b"\x78\xda"):
        try:
            yield zlib.decompressobj(wbits=47).decompress(body, _MOST_BYTES).decode("utf-8", "replace")
        except zlib.error:
            return


def readings(text: str) -> Iterator[str]:
    """A text as it is, with its percent signs resolved once and twice, and with what is in base64 in it decoded."""
    yield text
    once = unquote_plus(text)
    yield once
    yield unquote_plus(once)
    for run in _BASE64.findall(once):
        bare = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue
