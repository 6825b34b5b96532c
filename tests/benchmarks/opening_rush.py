"""The opening rush: 333 bookings a second for a minute, each after a look at what is free; then the highest rate held.

    python tests/benchmarks/opening_rush.py [--rate 333] [--seconds 60] [--workers 2] [--highest]

Arrivals are open: they come at exponential gaps whatever the service does, and time runs from the moment somebody was
due to come until the appointment is confirmed, the page with the free times included. Who finds the last seat of a time
just taken looks again, as people do. Everybody is signed in beforehand: their cookies are signed with the secret of
the service, since signing in is the identity provider's work. There are as many seats as people, so that at the end
every slot must be exactly full; then a few come too late, and all must be refused. The database, read past the service,
must hold every appointment that was confirmed, and no other. Exits with 1 when a bound is not met.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import uvloop
from lean_client import Client, Reply, get, post
from service_under_load import Service, quantile, running, said_of_machine, say

from loadtests import usage
from reference_app.appointments.days import day_of

P95_S = 0.4
SEATS, PLACES, TIMES = 12, 5, 48
"""Of a slot, and the places and times of a day over which the slots are spread."""
LATE = 20
LOOKS = 40
AT_ONCE = 3
PAUSE_S = 0.5
"""Looks that follow each other at once; from then on people wait before they look again."""
RETRY_S = 5.0
"""What the service asks whom it refuses to wait (Retry-After)."""
CONNECTIONS = 128

_SLOTS = """
    WITH l AS (INSERT INTO lieu (name, address) VALUES (%(name)s, '1 rue des Essais') RETURNING id)
    INSERT INTO creneau (procedure, lieu_id, starts_at, minutes, capacity)
    SELECT 'masks', l.id, %(first)s::timestamptz + n * interval '10 minutes', 10, %(seats)s
    FROM l, generate_series(0, %(times)s - 1) n RETURNING lieu_id"""
_WRONG = """
    SELECT count(*) FROM creneau c LEFT JOIN LATERAL
        (SELECT count(*) AS held FROM rendez_vous r WHERE r.creneau_id = c.id AND r.state = 'unknown') h ON true
    WHERE c.taken <> h.held OR h.held <> c.capacity"""
_FREE = re.compile(rb'href="/creneaux/([0-9a-f-]{36})"')


@dataclass
class Rush:
    """What came of it; times in seconds."""

    booked: list[float] = field(default_factory=list)
    looked: list[float] = field(default_factory=list)
    late_by: list[float] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    ends: list[float] = field(default_factory=list)


def open_slots(service: Service, people: int) -> list[str]:
    """Seats for exactly so many people; the addresses of the pages that show them."""
    first = datetime.combine(day_of(datetime.now(UTC)) + timedelta(days=1), datetime.min.time(), UTC)
    first += timedelta(hours=8)
    pages = []
    with service.connect() as connection:
        left, number = people, 0
        while left > 0:
            day = number // PLACES
            times = min(TIMES, -(-left // SEATS))
            numbers = {"name": uuid4().hex, "first": first + timedelta(days=day), "seats": SEATS, "times": times}
            rows = connection.execute(_SLOTS, numbers).fetchall()
            left, number = left - times * SEATS, number + 1
            pages.append(f"/procedures/masks/lieux/{rows[0][0]}?day={numbers['first']:%Y-%m-%d}")
        if left < 0:
            connection.execute(
                """UPDATE creneau SET capacity = capacity + %s
                   WHERE id = (SELECT id FROM creneau ORDER BY id DESC LIMIT 1)""",
                (left,),
            )
        connection.execute("VACUUM ANALYZE creneau, account, rendez_vous")
    return pages


async def book(client: Client, pages: list[str], cookie: str, due: float, rush: Rush, draw: random.Random) -> None:
    """One person: look, choose, book; again while the seat chosen was just taken."""
    key = f"Idempotency-Key: {uuid4()}"
    here = draw.choice(pages)
    for look in range(LOOKS):
        if look >= AT_ONCE:  # the free times are those of a second ago: who looks again at once sees the same
            await asyncio.sleep(PAUSE_S)
        reply = await client.ask(get(here, cookie))
        rush.looked.append(time.perf_counter() - due)
        rush.answers[f"look {reply.status}"] += 1
        free = _FREE.findall(reply.body) if reply.status == 200 else []
        if not free:
            if reply.status == 503:
                await asyncio.sleep(RETRY_S)
            elif here in pages and len(pages) > 1:
                pages.remove(here)  # as people tell each other: nothing is left there
            here = draw.choice(pages)
            continue
        body = b'{"creneau":"%s","name":"Camille Martin"}' % draw.choice(free)
        reply = await _sent(client, post("/api/v1/rendez-vous", cookie, body, key), rush)
        if reply.status == 201:
            now = time.perf_counter()
            rush.booked.append(now - due)
            rush.ends.append(now)
            rush.references.append(reply.body.split(b'"reference":"', 1)[1][:11].decode())
            return
    rush.answers["gave up"] += 1


async def _sent(client: Client, booking: bytes, rush: Rush) -> Reply:
    """The answer to a booking, sent again with its key when the service asks to wait: it may have been done."""
    for turn in range(LOOKS):
        if turn > 0:
            await asyncio.sleep(RETRY_S)
        reply = await client.ask(booking)
        rush.answers[f"book {reply.status}"] += 1
        if reply.status != 503:
            break
    return reply


async def arrive(
    service: Service, pages: list[str], cookies: list[str], rate: float
) -> tuple[Rush, usage.Usage | None]:
    """Let everybody come, on time whatever happens."""
    rush, draw = Rush(), random.Random(1)
    client = Client(service.host, service.port)
    await client.open(CONNECTIONS)
    before, own = usage.read([service.pid]), time.process_time()
    due = start = time.perf_counter() + 0.2
    async with asyncio.TaskGroup() as group:
        for cookie in cookies:
            due += draw.expovariate(rate)
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            rush.late_by.append(max(0.0, time.perf_counter() - due))
            group.create_task(_safe(book(client, pages, cookie, due, rush, draw), rush))
    used = usage.between(before, usage.read([service.pid]))
    rush.answers["generator ms"] = round((time.process_time() - own) * 1000)
    rush.ends.sort()
    rush.ends = [end - start for end in rush.ends]
    client.close()
    return rush, used


async def _safe(person: object, rush: Rush) -> None:
    try:
        await person  # type: ignore[misc]
    except (OSError, TimeoutError) as error:
        rush.answers[type(error).__name__] += 1


def too_late(service: Service, pages: list[str]) -> int:
    """How many of a few who come when all is taken are refused in the words for that."""

    async def ask() -> int:
        client = Client(service.host, service.port)
        refused = 0
        with service.connect() as connection:
            slots = [str(row[0]) for row in connection.execute("SELECT id FROM creneau LIMIT %s", (LATE,))]
        for account, slot in zip(service.people(LATE), slots, strict=False):
            body = b'{"creneau":"%s","name":"Trop Tard"}' % slot.encode()
            key = f"Idempotency-Key: {uuid4()}"
            reply = await client.ask(post("/api/v1/rendez-vous", service.cookie(account), body, key))
            refused += reply.status == 409 and b"slot-full" in reply.body
        client.close()
        return refused

    return asyncio.run(ask())


def measure(rate: float, seconds: float, workers: int, *, quiet: bool = False) -> bool:
    """One rush on a service of its own; whether every bound was met."""
    with running(workers, trace_sample_ratio="0.1") as service:
        people = round(rate * seconds)
        pages = open_slots(service, people)
        cookies = [service.cookie(account) for account in service.people(people)]
        _warm_up(service)
        rush, used = uvloop.run(arrive(service, list(pages), cookies, rate))
        refused = too_late(service, pages)
        with service.connect() as connection:
            wrong = connection.execute(_WRONG).fetchone()
            control = _control(connection)
            stored = {f"RV-{row[0]:08d}" for row in connection.execute("SELECT number FROM rendez_vous")}
            twice = connection.execute(
                "SELECT count(*) - count(DISTINCT account_id) FROM rendez_vous WHERE state = 'unknown'"
            ).fetchone()
    assert wrong is not None
    assert twice is not None
    generator_ms = rush.answers.pop("generator ms")
    p95 = quantile(rush.booked, 0.95)
    met = {
        f"p95 {p95 * 1000:.0f} ms (at most {P95_S * 1000:.0f})": p95 <= P95_S,
        f"booked {len(rush.booked)} of {people}": len(rush.booked) == people,
        f"slots not exactly full: {wrong[0]}": wrong[0] == 0,
        f"booked twice: {twice[0]}": twice[0] == 0,
        f"confirmed and stored: {len(stored & set(rush.references))} of {len(rush.references)}": stored
        == set(rush.references),
        f"refused when full: {refused} of {LATE}": refused == LATE,
        "control: a seat sold twice is found": control,
    }
    if used is not None and rush.booked and not quiet:
        each = 1000 * used.seconds / len(rush.booked)
        say(
            f"processor time a booking, its look included: service {used.service * each:.2f} ms, "
            f"database {(used.database or 0.0) * each:.2f} ms, generator {generator_ms / len(rush.booked):.2f} ms; "
            f"the machine had {used.machine:.2f} cores busy"
        )
    say(
        f"{rate:.0f} bookings/s for {seconds:.0f} s, {workers} workers: {len(rush.booked) / rush.ends[-1]:.0f}/s, "
        f"p50 {quantile(rush.booked, 0.5) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, "
        f"p99 {quantile(rush.booked, 0.99) * 1000:.0f} ms; "
        f"free times shown p95 {quantile(rush.looked, 0.95) * 1000:.0f} ms; "
        f"generator late p99 {quantile(rush.late_by, 0.99) * 1000:.1f} ms",
        f"answers: {dict(rush.answers)}",
        *(f"  {'met' if ok else 'not met'}: {what}" for what, ok in met.items()),
    )
    return all(met.values())


def _control(connection: psycopg.Connection) -> bool:
    """Whether the question that found every slot exactly full finds one that is not."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            "UPDATE rendez_vous SET creneau_id = (SELECT max(id::text)::uuid FROM creneau) "
            "WHERE id = (SELECT min(id::text)::uuid FROM rendez_vous)"
        )
        found = connection.execute(_WRONG).fetchone()
    return found is not None and found[0] > 0


def _warm_up(service: Service) -> None:
    """A few requests, so that no worker meets its first one in the rush."""

    async def ask() -> None:
        client = Client(service.host, service.port)
        await client.open(16)
        for _ in range(64):
            await client.ask(get("/procedures/masks"))
        client.close()

    asyncio.run(ask())


def highest(low: float, high: float, seconds: float, workers: int) -> float:
    """The highest rate that meets every bound, within 10 %."""
    while high / low > 1.1:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if measure(middle, seconds, workers, quiet=True) else (low, middle)
    return low


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=333.0, help="bookings a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--highest", action="store_true", help="then look for the highest rate that is held")
    options = parser.parse_args()
    say(said_of_machine(), "service, database and generator on this machine; fsync and synchronous_commit on")
    met = measure(options.rate, options.seconds, options.workers)
    say(f"{options.rate:.0f} bookings/s: {'met' if met else 'not met'}")
    if options.highest:
        low, high = (options.rate, options.rate * 3) if met else (options.rate / 8, options.rate)
        found = highest(low, high, min(options.seconds, 20.0), options.workers)
        say(f"highest rate held, within 10 %: {found:.0f} bookings/s, {found / options.rate:.2f} of what is asked for")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
