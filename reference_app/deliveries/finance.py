"""Calls to the finance system: bounded in time and size, and every end of one named for what is known after it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from urllib.parse import quote

import httpx

from reference_app.deliveries import wire
from reference_app.deliveries.delivery import Problem
from reference_app.deliveries.errors import DeliveryError, GarbledError
from reference_app.deliveries.wire import Entry, Payment
from reference_app.proxies import DIRECT, Proxies

CONNECT_S = 3.0
MAX_ANSWER = 64 * 1024
MAX_LIST = 32 * 1024 * 1024
MAX_TOLD_S = 3600
"""Longest wait that the other side may ask for."""
_MAX_SAID = 300


@dataclass(frozen=True)
class Taken:
    """It is in the books, under this entry."""

    entry: Entry


@dataclass(frozen=True)
class Absent:
    """It is not in the books (asked by its reference)."""


@dataclass(frozen=True)
class PutOff:
    """It was not taken, and may be sent again later: after ``retry_s`` seconds where that was told."""

    problem: Problem
    retry_s: int | None = None


@dataclass(frozen=True)
class Refused:
    """It was not taken, and never will be as it is."""

    said: str


@dataclass(frozen=True)
class Unknown:
    """Whether it was taken is not known."""

    problem: Problem


Outcome = Taken | Absent | PutOff | Refused | Unknown


class Finance:
    """The finance system behind ``client``; one call may take ``timeout_s`` in all."""

    def __init__(self, client: httpx.AsyncClient, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s

    async def pay(self, payment: Payment) -> Outcome:
        """Ask for a payment."""
        return await self._asked("POST", "/paiements", payment.reference, wire.payment(payment))

    async def ask(self, reference: str) -> Outcome:
        """Ask whether a payment is in the books. Never :class:`Refused`."""
        outcome = await self._asked("GET", f"/paiements/{quote(reference, safe='')}", reference)
        return Unknown(Problem.BROKEN) if isinstance(outcome, Refused) else outcome

    async def day(self, day: date) -> list[Entry]:
        """Every entry of ``day``. Raises DeliveryError: it does not say."""
        try:
            async with asyncio.timeout(self._timeout_s * 3):
                response, body = await self._sent("GET", f"/paiements?jour={day.isoformat()}", None, MAX_LIST)
        except (httpx.TransportError, TimeoutError) as error:
            raise DeliveryError(f"the finance system does not answer ({type(error).__name__})") from error
        if response.status_code != 200:
            raise DeliveryError(f"the finance system answers {response.status_code}")
        return wire.listing(body)

    async def _asked(self, method: str, path: str, reference: str, content: bytes | None = None) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout_s):
                response, body = await self._sent(method, path, content, MAX_ANSWER)
            return _outcome(response, body, reference)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            return PutOff(Problem.AWAY)  # nothing was sent: a proxy that refuses does so before it
        except (httpx.TransportError, TimeoutError):
            return Unknown(Problem.SILENT)
        except GarbledError:
            return Unknown(Problem.GARBLED)

    async def _sent(self, method: str, path: str, content: bytes | None, most: int) -> tuple[httpx.Response, bytes]:
        headers = {"Content-Type": wire.MEDIA_TYPE} if content is not None else None
        async with self._client.stream(method, path, content=content, headers=headers) as response:
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > most:
                    raise GarbledError("too long")
            return response, body


@asynccontextmanager
async def finance(url: str, timeout_s: float, proxies: Proxies = DIRECT) -> AsyncIterator[Finance]:
    """The finance system at ``url``, for a while. No redirect is followed: a payment goes where it is meant to."""
    limits = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))
    async with httpx.AsyncClient(
        base_url=url, timeout=limits, verify=_context(), proxy=proxies.of(url), trust_env=False
    ) as client:
        yield Finance(client, timeout_s)


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()  # reads every root certificate: once


def _outcome(response: httpx.Response, body: bytes, reference: str) -> Outcome:
    match response.status_code:
        case 200 | 201:
            entry = wire.acknowledged(body)
            if entry.reference != reference:
                raise GarbledError("another reference")
            return Taken(entry)
        case 404 if response.request.method == "GET":
            wire.refusal(body)  # a page of a proxy that is lost says 404 as well
            return Absent()
        case 429:
            return PutOff(Problem.BUSY, _told(response))
        case 503:
            return PutOff(Problem.CLOSED, _told(response))
        case status if 400 <= status < 500:
            return Refused(" – ".join(wire.refusal(body))[:_MAX_SAID])
        case _:
            return Unknown(Problem.BROKEN)


def _told(response: httpx.Response) -> int | None:
    said = response.headers.get("retry-after", "")
    return min(int(said), MAX_TOLD_S) if said.isascii() and said.isdigit() else None
