"""Sessions of made-up people for a tool that asks an API in their names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from scorecard.evidence import Text
from scorecard.journeys.cast import in_order, last_but
from scorecard.journeys.exchange import Budget
from scorecard.site import Site
from security.playable import refusal as unplayable
from security.sender import Sender
from security.walk import Carried, walk

PEOPLE = 2


@dataclass(frozen=True)
class Identities:
    """Headers of each person who could sign in, by a name; ``peers`` must not see each other's objects."""

    headers: dict[str, dict[str, str]]
    peers: tuple[str, ...]
    trouble: Text | None = None

    def settings(self, folder: Path) -> list[str]:
        """Lines for the settings of schemathesis that name these people (Web Fuzzing Commons); none without any.

        Their sessions are written to a file of ``folder`` that nobody else may read: the caller removes it.
        """
        if not self.headers:
            return []
        entries = [
            {"name": name, "fixedHeaders": [{"name": key, "value": value} for key, value in headers.items()]}
            for name, headers in self.headers.items()
        ]
        sessions = folder / "identities.json"
        sessions.touch(mode=0o600)
        sessions.write_text(json.dumps({"auth": entries}), encoding="utf-8")
        lines = ["[auth.wfc]", f"path = {json.dumps(str(sessions))}"]
        if len(self.peers) >= PEOPLE:
            lines.append(f"peers = {json.dumps(list(self.peers))}")
        return lines


def sign_in(site: Site, random: Random, budget: Callable[[], Budget] = Budget) -> Identities:
    """Two people of the first journey of each persona, signed in; those of the citizens are peers.

    Each goes through the journey once, so that there is something of theirs to be found.
    """
    headers: dict[str, dict[str, str]] = {}
    trouble: Text | None = None
    if unplayable(site) is not None:
        return Identities({}, ())
    assert site.url is not None
    sender = Sender(site.url.rstrip("/"), budget())
    try:
        first = {journey.persona: journey for journey in reversed(in_order(site))}
        for persona, journey in sorted(first.items(), reverse=True):  # citizens before agents: they file
            for number in range(PEOPLE):
                person = last_but(site, journey, number, random, sender.budget)
                if person is None:
                    continue
                gone = walk(sender, journey, person)
                trouble = gone.trouble if trouble is None else trouble
                if gone.control is not None:
                    headers[f"{persona}-{number + 1}"] = _headers(*gone.session(Carried.by(person)))
                person.close()
    finally:
        sender.close()
    return Identities(headers, tuple(name for name in headers if name.startswith("citizen")), trouble)


def _headers(cookie: str, headers: dict[str, str]) -> dict[str, str]:
    return {**headers, **({"Cookie": cookie} if cookie else {})}
