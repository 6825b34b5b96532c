"""The agents' pages over 1 000 000 dossiers against the same over 10 000: queue, search and synthesis.

    python tests/benchmarks/agents_at_scale.py [--few 10000] [--many 1000000] [--rounds 300]

Two whole services run side by side, and each question is put to one and to the other in turn, in an order that changes
every round: what disturbs the machine disturbs both. Exits with 1 when the median or the 95th percentile of a question
takes more than 1.3 times as long over many as over few.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from service_under_load import Service, quantile, running, said_of_machine, say

from reference_app.database import connect
from reference_app.instruction import synthesis
from reference_app.seeding import seed

BOUND = 1.3
WARM_UP = 20
Ask = Callable[[httpx.Client, int], httpx.Response]


def queue(query: str) -> Ask:
    """Read the queue with these filters."""
    return lambda client, _: client.get(f"/agent/dossiers?{query}")


def search(sought: str) -> Ask:
    """Search; ``{n}`` is a number that changes, so that no answer is in memory from the question before."""
    return lambda client, n: client.post("/api/v1/agent/search", json={"sought": sought.format(n=n)})


QUESTIONS: dict[str, Ask] = {
    "queue, first part": queue("state=en_construction"),
    "queue, accepted": queue("state=accepte"),
    "queue, to take": queue("waits=nothing"),
    "queue, by silence date": queue("order=silence"),
    "queue, older than 100 days": queue("older_than=100"),
    "queue, mine": queue("mine=true&state=en_instruction"),
    "search, receipt": search("FICTIF-{n}"),
    "search, name": search("etablissement fictif-{n}"),
    "search, second word": search("fictif-{n}0"),
    "search, a name all have": search("etablissement"),
    "search, SIRET": search("732 829 320 00074"),
    "search, e-mail": search("Fictif@example.fr"),
    "synthesis": lambda client, _: client.get("/agent/synthesis"),
}


@dataclass
class Side:
    """One of the two services, and how long its answers took, in seconds, by question."""

    service: Service
    dossiers: int
    client: httpx.Client
    times: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in QUESTIONS})


async def fill(service: Service, dossiers: int) -> tuple[float, float]:
    """Invented dossiers and their synthesis; returns the seconds that each took."""
    async with connect(service.dsn) as connection:
        began = time.perf_counter()
        await seed(connection, dossiers)
        filled = time.perf_counter()
        await synthesis.make(connection, datetime.now(UTC))
        return filled - began, time.perf_counter() - filled


def side(service: Service, dossiers: int) -> Side:
    """A filled service with an agent signed in."""
    filling_s, making_s = asyncio.run(fill(service, dossiers))
    say(f"{dossiers} dossiers written in {filling_s:.0f} s, their synthesis made in {making_s:.1f} s")
    (agent,) = service.people(1, "agent")
    headers = {"Cookie": service.cookie(agent, "agent"), "Accept-Language": "fr"}
    client = httpx.Client(base_url=f"http://{service.host}:{service.port}", headers=headers, timeout=30)
    return Side(service, dossiers, client)


def put(ask: Ask, at: Side, name: str, number: int, *, kept: bool) -> None:
    """Ask one question of one service."""
    began = time.perf_counter()
    answer = ask(at.client, number)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise SystemExit(f"{name}: {answer.status_code} over {at.dossiers} dossiers")
    if kept:
        at.times[name].append(took)


def compare(few: Side, many: Side, rounds: int, chance: random.Random) -> bool:
    """Ask every question of both, and print their times; whether all are within the bound."""
    for turn in range(WARM_UP + rounds):
        for name, ask in QUESTIONS.items():
            for at in chance.sample([few, many], 2):
                put(ask, at, name, chance.randrange(1, at.dossiers), kept=turn >= WARM_UP)
    within = True
    say(f"{'':28}{'few: p50':>10}{'p95':>8}{'many: p50':>12}{'p95':>8}{'ratio p50':>12}{'p95':>7}")
    for name in QUESTIONS:
        a50, a95, b50, b95 = (1000 * quantile(at.times[name], q) for at in (few, many) for q in (0.5, 0.95))
        within = within and b50 <= BOUND * a50 and b95 <= BOUND * a95
        say(f"{name:28}{a50:8.1f}ms{a95:8.1f}{b50:10.1f}ms{b95:8.1f}{b50 / a50:12.2f}{b95 / a95:7.2f}")
    return within


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    say(said_of_machine(), f"one question at a time, {options.rounds} rounds")
    with running(1) as one, running(1) as other:
        within = compare(side(one, options.few), side(other, options.many), options.rounds, random.Random(1))
    say(f"bound {BOUND}: {'kept' if within else 'NOT kept'}")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
