"""Honest users beside an attack, each at their own address: a few who read what is theirs, others who sign in."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from scorecard.journeys.exchange import Budget
from scorecard.journeys.person import Person
from scorecard.journeys.sessions import begins_session, ends_session
from scorecard.project_journeys import Journey, Step

PAUSE_S = 0.15
"""Between two requests of one person: no limit that people can live with is below that."""
SIGN_IN_EVERY_S = 0.2


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
    """People who keep on reading inside a ``with`` block; ``trouble`` says why they cannot, None when they can.

    Beside them somebody new signs in again and again: a limit that an attacker uses up for all shows there first.
    """

    def __init__(
        self, url: str, journey: Journey, numbers: Sequence[int], addresses: Sequence[str], random: Random
    ) -> None:
        self.trouble: str | None = None
        self._budget = Budget(left=20_000, deadline=time.monotonic() + 600)
        self._url, self._journey, self._random = url, journey, random
        self._newcomer = numbers[-1]
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
            if entering := self._entering():
                self._threads.append(threading.Thread(target=self._enter, args=(entering, self._newcomer), daemon=True))
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

    def _entering(self) -> list[Step]:
        """The steps by which one signs in, from the first to the last; none where nobody does."""
        steps = [step for step in self._journey.steps if not ends_session(step.path)]
        signing = [at for at, step in enumerate(steps) if begins_session(step.path)]
        if not signing:
            return []
        last = signing[-1]
        # what an identity provider's page leads to is a step of the way in as well
        while last + 1 < len(steps) and not steps[last + 1].path.startswith("/"):
            last += 1
        return steps[signing[0] : last + 1]

    def _read(self, person: Person, reads: list[Step]) -> None:
        while True:
            for step in reads:
                self._take(person, step)
                if self._over.wait(PAUSE_S):
                    return

    def _enter(self, steps: list[Step], number: int) -> None:
        """Somebody new signs in, from an address that nobody came from for a while."""
        come = 0
        while not self._over.wait(SIGN_IN_EVERY_S):
            come += 1
            address = f"127.0.9.{100 + come % 150}"
            person = Person(self._url, self._journey.persona, number, self._random, self._budget, address)
            try:
                for step in steps:
                    if self._over.is_set() or not self._take(person, step):
                        break
            finally:
                person.close()

    def _take(self, person: Person, step: Step) -> bool:
        began = time.monotonic()
        taken = person.take(step)
        self._served.append(Served(began, time.monotonic() - began, taken.succeeded))
        return taken.succeeded
