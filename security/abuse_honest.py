"""Honest users beside an attack: a few people, each at their own address, who read what is theirs without haste."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from scorecard.project import Journey, Step
from security.exchange import Budget
from security.person import Person
from security.trial import begins_session, ends_session

PAUSE_S = 0.15
"""Between two requests of one person: no limit that people can live with is below that."""


@dataclass(frozen=True)
class Served:
    """One request of an honest user: when it began (monotonic seconds), how long it took, whether it was served."""

    began: float
    latency_s: float
    ok: bool


@dataclass(frozen=True)
class Share:
    """How honest users fared in a while; the latencies are None when they asked for nothing."""

    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None


class Honest:
    """People who keep on reading inside a ``with`` block; ``trouble`` says why they cannot, None when they can."""

    def __init__(
        self, url: str, journey: Journey, numbers: Iterable[int], addresses: Iterable[str], random: Random
    ) -> None:
        self.trouble: str | None = None
        self._budget = Budget(left=20_000, deadline=time.monotonic() + 600)
        self._journey = journey
        self._people = [
            Person(url, journey.persona, number, random, self._budget, address)
            for number, address in zip(numbers, addresses, strict=True)
        ]
        self._served: list[Served] = []
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Honest:
        for person in self._people:
            reads = self._prepare(person)
            if not reads:
                self.trouble = "no page of the journey could be read again" if self.trouble is None else self.trouble
                break
            self._threads.append(threading.Thread(target=self._read, args=(person, reads), daemon=True))
        else:
            for thread in self._threads:
                thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        for person in self._people:
            person.close()

    def share(self, since: float, until: float) -> Share:
        """How the requests fared that were under way between two moments."""
        seen = [one for one in list(self._served) if one.began < until and one.began + one.latency_s >= since]
        waits = sorted(one.latency_s for one in seen)
        return Share(
            requests=len(seen),
            errors=sum(not one.ok for one in seen),
            p50_s=round(waits[len(waits) // 2], 4) if waits else None,
            p95_s=round(waits[min(len(waits) - 1, int(0.95 * len(waits)))], 4) if waits else None,
        )

    def _prepare(self, person: Person) -> list[Step]:
        """Play the journey once; the reads that can be repeated afterwards."""
        steps: list[Step] = []
        for step in self._journey.steps:
            if ends_session(step.path):
                continue
            taken = person.take(step)
            if not taken.succeeded:
                self.trouble = f"“{step.label}”: {taken.trouble}"
                return []
            if step.method == "GET" and step.path.startswith("/") and not begins_session(step.path):
                steps.append(step.model_copy(update={"extract": {}}))
        return [step for step in steps if person.take(step).succeeded]

    def _read(self, person: Person, reads: list[Step]) -> None:
        number = 0
        while not self._over.is_set():
            began = time.monotonic()
            taken = person.take(reads[number % len(reads)])
            self._served.append(Served(began, time.monotonic() - began, taken.succeeded))
            number += 1
            self._over.wait(PAUSE_S)
