"""Telling a partner of changes: one message after the other, in order, signed, bounded in time.

A message names what changed and carries nothing of what people wrote: who wants more asks the API, where scopes and
fields hold. One that fails is tried again with a growing delay, and holds up those after it, of the same webhook only;
after a day the webhook is disabled, and that is said.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import httpx

from observability import telemetry
from reference_app.database import Pool
from reference_app.partners import changes, destination, signature, webhook
from reference_app.partners.changes import Change
from reference_app.partners.errors import PartnerError
from reference_app.partners.posting import post
from reference_app.partners.webhook import Webhook
from reference_app.proxies import DIRECT, Proxies

TIMEOUT_S = 10.0
AT_A_TIME = 50
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 3 * 3600.0
GIVEN_UP_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Teller:
    """What telling needs: where rows are, the key of the secrets, what time it is, and chance (0 to 1)."""

    pool: Pool
    key: str
    loopback: bool
    clock: Callable[[], datetime]
    draw: Callable[[], float]
    timeout_s: float = TIMEOUT_S
    proxies: Proxies = DIRECT


@dataclass(frozen=True)
class Failure:
    """Why a message did not arrive; ``final``: the partner wants no more of them."""

    problem: str
    final: bool = False


async def tell(teller: Teller, identifier: UUID, seconds: float) -> bool:
    """Tell a webhook what it does not know yet, for so long; whether there is more to tell now.

    Safe to run twice: a message that was sent and not written down goes out again with the same identifier.
    """
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        async with teller.pool.connection() as connection:
            found = await webhook.read(connection, identifier)
            if found is None or found.disabled_at is not None or found.next_at > teller.clock():
                return False
            part = await changes.since(connection, found.told, found.procedures, AT_A_TIME)
        for change in part.changes:
            if change.event in found.events:
                failure = await _send(teller, found, change)
                if failure is not None:
                    await _failed(teller, found, failure)
                    return False
                async with teller.pool.connection() as connection:
                    await webhook.told(connection, identifier, change.id)
            if asyncio.get_running_loop().time() > end:
                return True
        if part.cursor > found.told:
            async with teller.pool.connection() as connection:
                await webhook.told(connection, identifier, part.cursor)
        if not part.more:
            return False
    return True


def message(change: Change) -> bytes:
    """What is sent: which dossier of which procedure, what happened to it, and the cursor to ask from."""
    data = {
        "change": change.id,
        "dossier": str(change.dossier_id),
        "procedure": change.procedure,
        "state": change.state.value,
    }
    said = {"type": change.event.value, "timestamp": change.at.isoformat(), "data": data}
    return json.dumps(said, separators=(",", ":")).encode()


async def _send(teller: Teller, found: Webhook, change: Change) -> Failure | None:
    now, body = teller.clock(), message(change)
    secrets = [signature.secret(teller.key, found.id, generation) for generation in found.generations(now)]
    headers = {"Content-Type": "application/json", "User-Agent": "portance-reference"}
    headers |= signature.headers(secrets, f"msg_{found.id}_{change.id}", now, body)
    try:
        async with asyncio.timeout(teller.timeout_s):
            to = await destination.resolved(found.url, loopback=teller.loopback)
            proxy = teller.proxies.of(found.url)
            status = await post(to, body, headers, proxy=proxy, timeout_s=teller.timeout_s)
    except TimeoutError:
        return Failure("no answer in time")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Failure(f"cannot be reached ({type(error).__name__})")
    except PartnerError as error:
        return Failure(str(error))
    if httpx.codes.is_success(status):
        return None
    return Failure(f"answered {status}", final=status == httpx.codes.GONE)


async def _failed(teller: Teller, found: Webhook, failure: Failure) -> None:
    now = teller.clock()
    attempts = found.attempts + 1
    since = now if found.failing_since is None else found.failing_since
    over = failure.final or now - since >= GIVEN_UP_AFTER
    wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempts - 1, 30)) * (0.5 + teller.draw() / 2)
    values = {
        "attempts": attempts,
        "since": since,
        "problem": failure.problem,
        "next_at": now + timedelta(seconds=wait),
        "disabled_at": now if over else None,
    }
    async with teller.pool.connection() as connection:
        await webhook.failed(connection, found.id, values)
    if over:
        telemetry.event("webhook.disabled", partner=found.partner, problem=failure.problem)
