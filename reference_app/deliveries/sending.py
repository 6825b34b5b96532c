"""One attempt to deliver: claim, call, write down. No connection of the database is held while the other side works.

Before the call the delivery is marked doubtful, so that a process that dies in the middle leaves a row that says so;
whoever comes next asks by the reference before it sends. That, and not the good will of the other side, is why nobody
is paid twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from observability import telemetry
from reference_app.database import Connection, Pool
from reference_app.deliveries import gate, repository
from reference_app.deliveries.delivery import Delivery, Problem, State
from reference_app.deliveries.finance import Absent, Finance, Outcome, PutOff, Refused, Taken, Unknown
from reference_app.deliveries.policy import Policy
from reference_app.deliveries.wire import Payment
from reference_app.dossiers.operations import amend
from reference_app.procedure import PROCEDURES, filing_of

SERVICE = UUID(int=0)
"""Who acts, in the operation log, when it is the service itself."""

_log = logging.getLogger("reference_app")


@dataclass(frozen=True)
class Worker:
    """What an attempt needs: where rows are, who is called, how hard, what time it is, and chance (0 to 1)."""

    pool: Pool
    finance: Finance
    policy: Policy
    clock: Callable[[], datetime]
    draw: Callable[[], float]


@dataclass(frozen=True)
class Held:
    """A delivery of which an attempt has begun, and whether an earlier one may have succeeded."""

    delivery: Delivery
    payment: Payment
    doubtful: bool


async def attempt(worker: Worker, delivery: UUID | None = None) -> bool:
    """Try to deliver ``delivery``, or the one due for longest. Whether there was one that may be attempted now."""
    held = await _claim(worker, delivery)
    if held is None:
        return False
    outcome, doubtful = await _call(worker.finance, held)
    await _write_down(worker, held.delivery, outcome, doubtful=doubtful)
    return True


async def work_off(worker: Worker, seconds: float) -> None:
    """Attempt what is due, as many at once as the system takes, until nothing may be sent or ``seconds`` are over."""
    end = asyncio.get_running_loop().time() + seconds

    async def lane() -> None:
        while asyncio.get_running_loop().time() < end and await attempt(worker):
            continue

    async with asyncio.TaskGroup() as lanes:
        for _ in range(worker.policy.at_once):
            lanes.create_task(lane())


async def _claim(worker: Worker, delivery: UUID | None) -> Held | None:
    now, policy = worker.clock(), worker.policy
    async with worker.pool.connection() as connection:
        if (await gate.read(connection, now)).shut(now, policy) is not None:
            return None  # without the lock: while it is shut, thousands may come by
        async with connection.transaction():
            found = await gate.locked(connection, now)
            if found.shut(now, policy) is not None or found.room(policy) == 0:
                return None
            trying = found.failures >= policy.trips_after
            due = await repository.due(connection, now, delivery, retry=trying or found.budget(now, policy) >= 1)
            if due is None or due.dossier_id is None:
                return None
            await gate.spend(connection, found, now, policy, retry=due.attempts > 0)
            held = await repository.hold(connection, due.id, now, now + policy.hold)
            payment = await _payment(connection, due.dossier_id, due)
    return Held(held, payment, due.doubtful)


async def _payment(connection: Connection, dossier: UUID, owed: Delivery) -> Payment:
    procedure, answers = await repository.payee(connection, dossier)
    filing = filing_of(PROCEDURES[procedure])
    rule, siret = filing.payment, next((field.name for field in filing.fields if field.kind == "siret"), None)
    assert rule is not None  # nosec B101 (nothing was owed without it)
    return Payment(
        reference=owed.reference,
        amount=owed.amount,
        payee=str(answers[rule.payee]),
        siret=None if siret is None else answers.get(siret),
        account=answers.get(rule.account),
    )


async def _call(finance: Finance, held: Held) -> tuple[Outcome, bool]:
    """How the attempt ended, and whether the payment may be in the books if the outcome does not say."""
    if held.doubtful:
        asked = await finance.ask(held.delivery.reference)
        if not isinstance(asked, Absent):
            return asked, True
    return await finance.pay(held.payment), False


async def _write_down(worker: Worker, held: Delivery, outcome: Outcome, *, doubtful: bool) -> None:
    now, policy = worker.clock(), worker.policy
    again = now + policy.wait(held.attempts, worker.draw())
    async with worker.pool.connection() as connection, connection.transaction():
        # Dossier, delivery, gate: everybody locks in this order.
        dossier = None if held.dossier_id is None else await repository.dossier_locked(connection, held.dossier_id)
        found = await repository.locked(connection, held.id)
        if found is None or found.state is not State.READY or found.held_until != held.held_until:
            return  # another attempt took over, which asked before it sent
        changed: dict[str, object] = {"held_until": None, "updated_at": now}
        match outcome:
            case Taken(entry) if entry.amount == held.amount:
                changed |= {
                    "state": State.SENT,
                    "accepted_on": entry.day,
                    "doubtful": False,
                    "problem": None,
                    "said": None,
                }
                await gate.went_well(connection)
            case Taken(entry):
                changed |= _failed(Problem.REFUSED, f"{entry.amount} EUR", doubtful=True)
                await gate.went_well(connection)
            case Refused(said):
                changed |= _failed(Problem.REFUSED, said, doubtful=False)
                await gate.went_well(connection)
            case PutOff(problem, retry_s):
                later = again if retry_s is None else now + timedelta(seconds=retry_s)
                # It never got as far as the payment: that uses up no attempt, however long the night.
                changed |= {"attempts": held.attempts - 1, "next_at": later, "problem": problem, "doubtful": doubtful}
                await gate.went_badly(connection, problem, now, policy, retry_s)
            case Unknown(problem):
                over = held.attempts >= policy.attempts
                changed |= _failed(problem, None, doubtful=True) if over else {"next_at": again, "problem": problem}
                await gate.went_badly(connection, problem, now, policy)
            case Absent():
                raise AssertionError("what is not in the books was sent")
            case _:
                assert_never(outcome)
        written = await repository.write(connection, held.id, changed)
        if dossier is not None and written.state is not State.READY:
            await amend(connection, dossier, by=SERVICE, at=now, did=f"delivery.{written.state}")
    if written.state is not State.READY or written.problem is not None:
        telemetry.event("delivery.attempted", state=written.state.value, problem=written.problem or "none")
        _log.info("delivery %s: %s (%s)", written.reference, written.state, written.problem)


def _failed(problem: Problem, said: str | None, *, doubtful: bool) -> dict[str, object]:
    return {"state": State.FAILED, "problem": problem, "said": said, "doubtful": doubtful}
