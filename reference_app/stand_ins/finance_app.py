"""An old finance system: slow, limited, closed at night, and it speaks XML."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import assert_never

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reference_app.stand_ins import finance_messages as messages
from reference_app.stand_ins.finance_books import Books, Entry
from reference_app.stand_ins.finance_knobs import LEGAL_TIME, Fault, Knobs

MEDIA_TYPE = "application/xml"
MAX_BODY = 64 * 1024
Clock = Callable[[], datetime]


class CutOff(Response):
    """An answer that ends in the middle: the books hold the payment, who asked does not know."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Promise more than is sent; the server then closes the connection."""
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"<?xml", "more_body": True})


class Finance:
    """The system: its books, its knobs, and who is being served."""

    def __init__(self, books: Books, knobs: Knobs, clock: Clock) -> None:
        self.books = books
        self.knobs = knobs
        self.clock = clock
        self.served_in_all = 0
        self.most_at_once = 0
        self._at_once = 0
        self._came: deque[datetime] = deque()

    async def served(self, work: Callable[[], Response]) -> Response:
        """The answer of ``work``, unless a knob says otherwise; it is done at the end of the time it takes."""
        if (refused := self._refused()) is not None:
            return refused
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self.knobs.latency_s)
            fault = self._fault()
            match fault:
                case "error":
                    return _refusal(500, "PANNE", "Erreur interne.")
                case "garbage":
                    return Response(messages.GARBAGE, media_type=MEDIA_TYPE)
                case "bomb":
                    return Response(messages.BOMB, media_type=MEDIA_TYPE)
                case "cut":
                    work()
                    return CutOff()
                case None:
                    return work()
                case _:
                    assert_never(fault)
        finally:
            self._at_once -= 1

    def pay(self, body: bytes) -> Response:
        """Enter a payment."""
        try:
            reference, amount = messages.payment(body)
        except messages.NotUnderstoodError as error:
            return _refusal(400, "MESSAGE", f"Message incompris : {error}.")
        known = self.books.of_reference(reference)
        if known and self.knobs.recognises:
            if known[0].amount != amount:
                return _refusal(409, "DOUBLON", "Référence déjà reçue avec un autre montant.")
            return Response(messages.receipt(known[0]), 200, media_type=MEDIA_TYPE)
        entry = Entry(reference, amount, self.clock().astimezone(LEGAL_TIME).date().isoformat())
        self.books.enter(entry)
        return Response(messages.receipt(entry), 201, media_type=MEDIA_TYPE)

    def asked(self, reference: str) -> Response:
        """What became of a reference."""
        known = self.books.of_reference(reference)
        if not known:
            return _refusal(404, "INCONNU", "Référence inconnue.")
        return Response(messages.receipt(known[0]), media_type=MEDIA_TYPE)

    def day(self, day: str) -> Response:
        """All entries of a day."""
        return Response(messages.listing(day, self.books.of_day(day)), media_type=MEDIA_TYPE)

    def turn(self, knobs: Knobs) -> None:
        """Behave another way from now on, and count anew."""
        self.knobs = knobs
        self.served_in_all = 0
        self.most_at_once = self._at_once
        self._came.clear()

    def seen(self) -> dict[str, int]:
        """What it saw since its knobs were set: requests it worked on, most at once; and those it works on now."""
        return {"served": self.served_in_all, "most_at_once": self.most_at_once, "working": self._at_once}

    def _refused(self) -> Response | None:
        now = self.clock()
        while self._came and (now - self._came[0]).total_seconds() >= 60:
            self._came.popleft()
        if not self.knobs.open_at(now):
            return _refusal(503, "FERME", "Le système est fermé.", {"Retry-After": "900"})
        a_minute = self.knobs.a_minute
        if self._at_once >= self.knobs.at_once or (a_minute is not None and len(self._came) >= a_minute):
            return _refusal(429, "SATURE", "Trop de demandes.", {"Retry-After": "5"})
        self._came.append(now)
        self.served_in_all += 1
        return None

    def _fault(self) -> Fault | None:
        if self.knobs.fault is None or self.knobs.faults == 0:
            return None
        if self.knobs.faults is not None:
            self.knobs = self.knobs.model_copy(update={"faults": self.knobs.faults - 1})
        return self.knobs.fault


def create_app(books: Books, knobs: Knobs, clock: Clock = lambda: datetime.now(UTC)) -> Starlette:
    """The finance system over HTTP, and ``/knobs``, which no real one has."""
    finance = Finance(books, knobs, clock)

    async def pay(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                return _refusal(413, "MESSAGE", "Message trop long.")
        return await finance.served(lambda: finance.pay(body))

    async def asked(request: Request) -> Response:
        return await finance.served(lambda: finance.asked(request.path_params["reference"]))

    async def day(request: Request) -> Response:
        return await finance.served(lambda: finance.day(request.query_params.get("jour", "")))

    async def knobs_read(_: Request) -> Response:
        return JSONResponse({"knobs": finance.knobs.model_dump(mode="json"), "seen": finance.seen()})

    async def knobs_set(request: Request) -> Response:
        try:
            finance.turn(Knobs.model_validate_json(await request.body()))
        except ValidationError as error:
            return JSONResponse(
                {"errors": error.errors(include_url=False, include_context=False, include_input=False)}, 422
            )
        return await knobs_read(request)

    return Starlette(
        routes=[
            Route("/paiements", pay, methods=["POST"]),
            Route("/paiements", day, methods=["GET"]),
            Route("/paiements/{reference}", asked),
            Route("/knobs", knobs_read, methods=["GET"]),
            Route("/knobs", knobs_set, methods=["PUT"]),
        ]
    )


def _refusal(status: int, code: str, said: str, headers: dict[str, str] | None = None) -> Response:
    return Response(messages.refusal(code, said), status, headers=headers, media_type=MEDIA_TYPE)
