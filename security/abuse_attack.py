"""One request of a journey repeated without pause by somebody who means harm: how many pass, when a limit shows."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from scorecard.journeys.exchange import Budget, Reply, Sent
from scorecard.journeys.person import Person, is_of
from scorecard.journeys.sessions import begins_session, ends_session
from scorecard.project_journeys import Journey, Step
from security.sender import Sender

SENDERS = 4
ENOUGH_REFUSALS = 40
"""Refusals after which a limit holds: what follows would be refused as well."""
MOST = 5
"""Times the requests meant that are sent at most to fill the least time."""
_SECRET = re.compile(r"(?i)passw|pwd|mdp|mot_?de_?passe|pin\b|otp|secret|code")
_BOOKING = re.compile(r"(?i)slot|creneau|créneau|rdv|rendez|appointment|book|reserv|réserv")


class Scenario(StrEnum):
    """What somebody who means harm repeats."""

    SIGN_IN = "sign-in"
    CREATION = "creation"
    HOARDING = "hoarding"
    FLOOD = "flood"


@dataclass(frozen=True)
class Attack:
    """A step to repeat; ``before`` are the steps that lead to it. ``roams``: one person, from several addresses."""

    scenario: Scenario
    journey: Journey
    before: tuple[Step, ...]
    step: Step
    roams: bool


@dataclass
class Onslaught:
    """What came of an attack: the answers in their order, and why it did not begin (None when it did)."""

    attack: Attack
    route: str = ""
    replies: list[Reply] = field(default_factory=list)
    trouble: str | None = None

    @property
    def limited(self) -> list[Reply]:
        """Answers by which a service says that it is too much."""
        return [reply for reply in self.replies if says_too_much(reply)]

    @property
    def first_limit(self) -> int | None:
        """How many requests passed before the first was refused, None when none was."""
        for number, reply in enumerate(self.replies):
            if says_too_much(reply):
                return number
        return self._quota()

    def _quota(self) -> int | None:
        """A service may refuse more of a kind without a word about rates: the first pass, and then none does."""
        if self.attack.scenario not in (Scenario.CREATION, Scenario.HOARDING):
            return None
        passed = [number for number, reply in enumerate(self.replies) if reply.accepted or reply.location]
        last = passed[-1] + 1 if passed else 0
        rest = self.replies[last:]
        refused = all(reply.status is not None and 400 <= reply.status < 500 for reply in rest)
        return last if passed and len(rest) >= 10 and refused else None


def says_too_much(reply: Reply) -> bool:
    """Whether an answer is a limit: 429 (RFC 6585), a locked account, or 503 that says when to come back."""
    return reply.status in (429, 423) or (reply.status == 503 and "retry-after" in reply.headers)


def attacks(journey: Journey, url: str) -> Iterator[Attack]:
    """The attacks that the steps of ``journey`` lend themselves to, each scenario once."""
    steps = tuple(step for step in journey.steps if not ends_session(step.path))
    here = [(at, step) for at, step in enumerate(steps) if step.path.startswith(("/", url))]
    signing = [(at, step) for at, step in here if begins_session(step.path)]
    entered = max((at for at, _ in signing), default=-1)
    writes = [(at, step) for at, step in here if step.method == "POST" and at > entered]
    reads = [(at, step) for at, step in here if step.method == "GET" and at > entered]
    # a form sent is an attempt; where somebody else checks who it is, what leads there can be repeated
    attempts = [one for one in signing if one[1].method == "POST"] or signing[-1:]
    booking = [one for one in writes if _BOOKING.search(one[1].path)]
    plain = [one for one in writes if one not in booking]
    for scenario, found, roams in (
        (Scenario.SIGN_IN, attempts, False),
        (Scenario.CREATION, plain, True),
        (Scenario.HOARDING, booking, True),
        (Scenario.FLOOD, reads[-1:], False),
    ):
        for at, step in found[:1]:
            yield Attack(scenario, journey, steps[:at], step, roams)


def run(
    attack: Attack,
    url: str,
    number: int,
    addresses: tuple[str, ...],
    random: Random,
    *,
    requests: int,
    least_s: float,
    most_s: float,
) -> Onslaught:
    """Repeat the step of ``attack`` from ``addresses`` as person ``number``.

    It ends when a limit holds or ``requests`` were sent, not before ``least_s`` seconds; after ``most_s`` in any case.
    """
    budget = Budget(left=MOST * requests + 50 + len(attack.before), deadline=time.monotonic() + most_s + 10)
    done = Onslaught(attack)
    person = Person(url, attack.journey.persona, number, random, budget, addresses[0])
    try:
        done.route = f"{attack.step.method} {attack.step.path.partition('?')[0]}"
        for step in attack.before:
            if (taken := person.take(step)).succeeded:
                continue
            if taken.exchanges and says_too_much(taken.exchanges[-1].reply):
                done.replies.append(taken.exchanges[-1].reply)  # refused before it began, as somebody of that address
            else:
                done.trouble = f"“{step.label}”: {taken.trouble}"
            return done
        sent = person.write(attack.step)
        if not is_of(url, sent):
            done.trouble = f"“{attack.step.label}” leads to another service"
            return done
        _repeat(attack, url, person, addresses, budget, done, requests=requests, least_s=least_s, most_s=most_s)
    except KeyError as error:
        done.trouble = f"“{attack.step.label}” lacks {error}"
    finally:
        person.close()
    return done


def _repeat(
    attack: Attack,
    url: str,
    person: Person,
    addresses: tuple[str, ...],
    budget: Budget,
    done: Onslaught,
    *,
    requests: int,
    least_s: float,
    most_s: float,
) -> None:
    lock = threading.Lock()
    began = time.monotonic()
    begun = refused = 0

    def work(address: str) -> None:
        nonlocal begun, refused
        sender = Sender(url, budget, address)
        try:
            while True:
                with lock:
                    lasted = time.monotonic() - began
                    told = begun >= requests or refused >= ENOUGH_REFUSALS
                    if lasted > most_s or begun >= MOST * requests or (told and lasted > least_s):
                        return
                    begun += 1
                    # drawing an identifier and reading the cookies are not for several threads at once
                    sent = _attempt(attack, person)
                    cookie = person.cookie_for(sent.url)
                reply = sender.send(sent, cookie)
                with lock:
                    done.replies.append(Reply(reply.status, reply.headers, b"", reply.problem))
                    refused += says_too_much(reply)
        finally:
            sender.close()

    workers = [
        threading.Thread(target=work, args=(addresses[at % len(addresses)],), daemon=True) for at in range(SENDERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _attempt(attack: Attack, person: Person) -> Sent:
    """The request once more; of a sign-in with a password, with a wrong one."""
    step = attack.step
    if attack.scenario is Scenario.SIGN_IN:
        for body in ("form", "json_"):
            fields = getattr(step, body)
            secret = next((name for name in fields if _SECRET.search(name)), None) if isinstance(fields, dict) else None
            if secret is not None:
                # pragma: allowlist nextline secret
                return person.write(step.model_copy(update={body: {**fields, secret: "wrong-on-purpose"}}))
    return person.write(step)
