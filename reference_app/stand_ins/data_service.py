"""What API Entreprise and API Particulier have in common: errors, quotas, impatience; and the knobs of a stand-in."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference_app.stand_ins.data_knobs import Knobs

UPSTREAM_CUT_S = 10.0
"""The provider behind is given so long; then the answer is a 504."""

RETRY_IN_S = 300
Answer = Callable[[], Response]
Headers = dict[str, str]


@dataclass
class _Minute:
    """What one token sent since ``since``."""

    since: float
    sent: int = 0
    ignored: int = 0


@dataclass
class DataService:
    """One such service named ``name``, with codes of errors that begin with ``family``; ``clock`` is in seconds."""

    name: str
    family: str
    knobs: Knobs
    clock: Callable[[], float] = time.time
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 # nosec B311 (a fault, no secret)
    seen: int = 0
    shut_out: set[str] = field(default_factory=set)
    _minutes: dict[str, _Minute] = field(default_factory=dict)
    _in_flight: set[str] = field(default_factory=set)
    most_at_once: int = 0
    _at_once: int = 0
    _turned: asyncio.Event = field(default_factory=asyncio.Event)

    async def answered(self, request: Request, token: str, about: str, answer: Answer) -> Response:
        """What ``answer`` gives to a question ``about`` somebody, unless quota or knobs are against it."""
        if token in self.shut_out:
            await _until_it_leaves(request)
            return Response(status_code=499)
        self.seen += 1
        refused, headers = self._counted(token)
        if refused is not None:
            return refused
        question = f"{token} {about}"
        if self.knobs.in_flight and question in self._in_flight:
            return self.refusal(409, "00015", "Conflit", "Une requête identique est en cours.", headers)
        self._in_flight.add(question)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._taking(min(self.knobs.latency_s, UPSTREAM_CUT_S))
            response = self._fault(headers)
            if response is None:
                response = answer()
        finally:
            self._in_flight.discard(question)
            self._at_once -= 1
        response.headers.update(headers)
        return response

    def refusal(self, status: int, code: str, title: str, detail: str, headers: Headers | None = None) -> Response:
        """An error as these services write it; code 00501 and closed providers say when to try again."""
        meta: dict[str, object] = {"provider": self.name}
        if status in (502, 504):
            meta["retry_in"] = RETRY_IN_S
        error = {
            "code": code if code.startswith("00") else f"{self.family}{code}",
            "title": title,
            "detail": detail,
            "source": {},
            "meta": meta,
        }
        return JSONResponse({"errors": [error]}, status, headers=headers)

    def routes(self) -> list[Route]:
        """``/api/pings``, and ``/knobs``, which no real one has."""
        return [
            Route("/api/pings", self._pings),
            Route("/knobs", self._read_knobs, methods=["GET"]),
            Route("/knobs", self._set_knobs, methods=["PUT"]),
        ]

    async def _taking(self, seconds: float) -> None:
        """Take so long, unless the knobs are turned meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._turned.wait()

    def _counted(self, token: str) -> tuple[Response | None, Headers]:
        now, knobs = self.clock(), self.knobs
        minute = self._minutes.get(token)
        if minute is None or now - minute.since >= knobs.minute_s:
            minute = self._minutes[token] = _Minute(since=now)
        minute.sent += 1
        left, reset = max(0, knobs.a_minute - minute.sent), math.ceil(minute.since + knobs.minute_s)
        headers = {
            "RateLimit-Limit": str(knobs.a_minute),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(reset),
        }
        if minute.sent <= knobs.a_minute:
            return None, headers
        minute.ignored += 1
        if minute.ignored > knobs.patience:
            self.shut_out.add(token)
        headers["Retry-After"] = str(max(1, math.ceil(minute.since + knobs.minute_s - now)))
        return self.refusal(429, "00429", "Trop de requêtes", "Vous avez effectué trop de requêtes.", headers), headers

    def _fault(self, headers: Headers) -> Response | None:
        knobs = self.knobs
        if knobs.latency_s > UPSTREAM_CUT_S:
            return self.refusal(504, "00501", "Intermédiaire hors délai", "Le fournisseur n’a pas répondu.", headers)
        if knobs.closed:
            return self.refusal(502, "000", "Fournisseur fermé", "Le fournisseur de données est fermé.", headers)
        if knobs.fault is None or self.chance.random() >= knobs.fault_share:
            return None
        match knobs.fault:
            case "502":
                return self.refusal(502, "999", "Erreur inconnue", "La réponse du fournisseur est incorrecte.", headers)
            case "504":
                return self.refusal(
                    504, "00501", "Intermédiaire hors délai", "Le fournisseur n’a pas répondu.", headers
                )
            case "401":
                return self.refusal(401, "00103", "Jeton expiré", "Votre jeton est expiré.", headers)
            case "garbage":
                return Response("<html>", 200, media_type="application/json")

    async def _pings(self, _: Request) -> Response:
        status = "bad_gateway" if self.knobs.closed else "ok"
        return JSONResponse({"status": status, "provider": self.name}, 502 if self.knobs.closed else 200)

    async def _read_knobs(self, _: Request) -> Response:
        counts = {"seen": self.seen, "most_at_once": self.most_at_once, "shut_out": len(self.shut_out)}
        return JSONResponse(self.knobs.model_dump() | counts)

    async def _set_knobs(self, request: Request) -> Response:
        try:
            self.knobs = Knobs.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse(
                {"errors": error.errors(include_url=False, include_context=False, include_input=False)}, 422
            )
        self._minutes.clear()
        self.shut_out.clear()
        self._turned.set()
        self._turned = asyncio.Event()
        return await self._read_knobs(request)


async def _until_it_leaves(request: Request) -> None:
    """Say nothing, as the real ones do for twelve hours to whoever ignored their limits."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def bearer(request: Request) -> str:
    """The token of a request; nothing without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
