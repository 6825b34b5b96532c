"""A request sent twice with the same key takes effect once, and gets the first answer again.

The key is inserted in the transaction of the effect: a second request with it waits for the first to commit or roll
back, so no state "in progress" exists that a crash could leave behind. Refusals are not kept: the same key may be
sent again with the same body once the reason is mended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Header
from starlette.responses import Response

from reference_app.database import Connection
from reference_app.errors import N_, KeyReused

KEPT_H = 24

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9-]{1,255}$",
        description="Chosen by the caller for this request; sent again with a retry, it makes the retry harmless.",
    ),
]


@dataclass(frozen=True)
class Answer:
    """What was answered: kept with the key, and sent again for it."""

    status: int
    body: str
    replayed: bool = False


def digest(route: str, body: bytes) -> bytes:
    """What makes two requests the same: route and body."""
    return hashlib.sha256(route.encode() + b"\0" + body).digest()


async def once(
    connection: Connection, account: UUID, key: str, request: bytes, effect: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Run ``effect`` in one transaction with ``key``, or answer as the first request of ``account`` with it was.

    Raises:
        KeyReused: the key came with another request before.
    """
    async with connection.transaction():
        taken = await connection.execute(
            "INSERT INTO idempotency_key (account_id, key, request) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (account, key, request),
        )
        if taken.rowcount == 0:
            return await _first_answer(connection, account, key, request)
        answer = await effect()
        await connection.execute(
            "UPDATE idempotency_key SET status = %s, answer = %s WHERE account_id = %s AND key = %s",
            (answer.status, answer.body, account, key),
        )
        return answer


async def made_once(
    connection: Connection, account: UUID, key: str, request: bytes, make: Callable[[], Awaitable[UUID | None]]
) -> UUID | None:
    """What ``make`` made for the first request with ``key``: a form that is sent twice at once leads to one thing.

    None where the first found nothing to make or take.

    Raises:
        KeyReused: the key came with another request before.
    """

    async def effect() -> Answer:
        made = await make()
        return Answer(status=303, body="" if made is None else str(made))

    answer = await once(connection, account, key, request, effect)
    return UUID(answer.body) if answer.body else None


def sent(answer: Answer) -> Response:
    """The answer as it goes out; a repeated one says so."""
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, answer.status, headers=headers, media_type="application/json")


async def _first_answer(connection: Connection, account: UUID, key: str, request: bytes) -> Answer:
    kept = await connection.execute(
        "SELECT request, status, answer FROM idempotency_key WHERE account_id = %s AND key = %s", (account, key)
    )
    row = await kept.fetchone()
    if row is None or row[0] != request:
        raise KeyReused(N_("Send another Idempotency-Key with another request."))
    return Answer(status=row[1], body=row[2], replayed=True)


async def forget(connection: Connection, account: UUID, said: str) -> None:
    """Forget the keys of ``account`` whose answers hold ``said``: a retry is no way back to what was deleted."""
    await connection.execute(
        "DELETE FROM idempotency_key WHERE account_id = %s AND position(%s IN answer) > 0", (account, said)
    )
