"""What was deleted is looked for afterwards: wherever its owner, or an agent, could read it before.

Somebody made up writes something with a mark in it, deletes it as the journeys or the OpenAPI document allow, and
everything that showed the mark before is asked for again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from random import Random, SystemRandom

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.journeys.cast import in_order, last_but
from scorecard.journeys.exchange import Budget, Sent
from scorecard.journeys.person import Person
from scorecard.journeys.sessions import ends_session
from scorecard.project_journeys import Journey
from scorecard.site import Site
from security.active_journeys import pages
from security.active_plan import Known, request
from security.deletion import Deletion, Written, deletions, write
from security.observation import COLLECTOR, count, keep, unobserved
from security.operations import Operation, operations
from security.playable import refusal
from security.redaction import redact
from security.resemblance import echoed
from security.rules import Hit, Rule, findings
from security.sender import Sender

NAME = "retention"
FACTS = {"security.deletions_tried": Unit.COUNT, "security.deleted_still_served": Unit.COUNT}


@dataclass(frozen=True)
class Witness:
    """A read that showed what is to be deleted; ``reader`` says who reads."""

    route: str
    sent: Sent
    cookie: Callable[[str], str]
    reader: str


@dataclass
class Outcome:
    """One deletion: what showed its object before, what still does, what kept it from being known."""

    route: str
    witnesses: list[Witness] = field(default_factory=list)
    served: list[Witness] = field(default_factory=list)
    trouble: str | None = None


def collect(site: Site, *, random: Random | None = None, budget: Callable[[], Budget] = Budget) -> Evidence:
    """Evidence ``retention``: deletions that were tried, and reads that serve afterwards what was deleted.

    Where nothing can be deleted, or nothing shows what is, nothing is known.
    """
    refused = refusal(site)
    if refused is not None:
        return unobserved(site, NAME, *refused, FACTS)
    assert site.url is not None
    started = datetime.now(UTC)
    chance = SystemRandom() if random is None else random
    sender = Sender(site.url.rstrip("/"), budget())
    try:
        outcomes = _look(site, sender, chance)
    finally:
        sender.close()
    if not outcomes:
        return unobserved(site, NAME, Status.SKIPPED, _NO_DELETION, FACTS)
    tried = [one for one in outcomes if one.trouble is None]
    gap = next((_not_tried(one) for one in outcomes if one.trouble is not None), None)
    served = {(witness.route, one.route): (witness, one) for one in outcomes for witness in one.served}
    detail = f"{len(tried)} deletions, {sum(len(one.witnesses) for one in tried)} reads asked again"
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(
            started,
            tool="portance-retention",
            version=metadata.version("portance"),
            command=("delete", redact(site.url)),
        ),
        facts=(
            Fact(id="security.deletions_tried", value=len(tried), unit=Unit.COUNT, detail=detail),
            count("security.deleted_still_served", len(served), gap, detail),
        ),
        findings=findings(_hit(witness, one) for witness, one in served.values()),
        raw=keep(site, NAME, "deletions.json", [_account(one) for one in outcomes]),
    )


def _look(site: Site, sender: Sender, random: Random) -> list[Outcome]:
    documented = _documented(site, sender)
    readers: list[tuple[Journey, Person]] = []
    outcomes: list[Outcome] = []
    try:
        for journey in in_order(site):
            for deletion in deletions(journey, documented, sender.url):
                site.progress(_DOING, 0.5, None)
                author = last_but(site, journey, 3, random, sender.budget)
                if author is None:
                    author = last_but(site, journey, 0, random, sender.budget)
                assert author is not None
                readers.append((journey, author))
                outcomes.append(_try(site, deletion, author, readers, documented, sender, random))
    finally:
        for _, person in readers:
            person.close()
    return outcomes


def _try(
    site: Site,
    deletion: Deletion,
    author: Person,
    readers: list[tuple[Journey, Person]],
    documented: list[Operation],
    sender: Sender,
    random: Random,
) -> Outcome:
    outcome = Outcome(deletion.route)
    written = write(deletion, author, sender.url, random)
    if written.trouble is not None:
        outcome.trouble = written.trouble
        return outcome
    others = [journey for journey in in_order(site) if journey.persona != deletion.journey.persona]
    for journey in others[:1]:
        agent = last_but(site, journey, 0, random, sender.budget)
        if agent is not None:
            readers.append((journey, agent))
            for step in journey.steps:
                if not ends_session(step.path) and not agent.take(step).succeeded:
                    break
    for journey, person in [(deletion.journey, author), *((j, p) for j, p in readers if j in others)]:
        for witness in _reads(journey, person, written, documented, sender.url, random):
            reply = sender.send(witness.sent, witness.cookie(witness.sent.url))
            if reply.accepted and echoed(written.marks, reply, witness.sent.url):
                outcome.witnesses.append(witness)
    if not outcome.witnesses:
        outcome.trouble = "nothing that can be read showed what was to be deleted"
        return outcome
    sent = deletion.sent(author, written, random, sender.url)
    reply = sender.send(sent, author.cookie_for(sent.url))
    if not reply.accepted and not reply.location:
        outcome.trouble = f"the deletion was answered {reply.ended}"
        return outcome
    for witness in outcome.witnesses:
        reply = sender.send(witness.sent, witness.cookie(witness.sent.url))
        if not reply.answered:
            outcome.trouble = f"{witness.route} was answered {reply.ended} afterwards"
        elif reply.accepted and echoed(written.marks, reply, witness.sent.url):
            outcome.served.append(witness)
    return outcome


def _reads(
    journey: Journey, person: Person, written: Written, documented: list[Operation], url: str, random: Random
) -> Iterator[Witness]:
    """What ``person`` may ask for: the reads of the journey and of the document, with what was written."""
    own = person.values
    asked: set[str] = set()
    for route, sent in pages(url, journey.steps, own, written.given):
        asked.add(sent.url)
        yield Witness(route, sent, person.cookie_for, person.persona)
    headers = next((h for step in reversed(journey.steps) if (h := person.credentials_for(step))), {})
    known = Known(list(written.paths), {**own, **written.given})
    for operation in documented:
        if operation.method == "GET" and not ends_session(operation.path):
            sent = request(url, operation, known, random, headers)()
            if sent.url not in asked:
                yield Witness(operation.route, sent, person.cookie_for, person.persona)


def _documented(site: Site, sender: Sender) -> list[Operation]:
    path = site.project.target.openapi
    if path is None:
        return []
    try:
        return operations(json.loads(sender.send(Sent("GET", sender.url + path)).body))[0]
    except (ValueError, RecursionError):
        return []


def _not_tried(one: Outcome) -> Text:
    return Text(
        en=redact(f"{one.route} could not be tried: {one.trouble}"),
        fr=redact(f"{one.route} n’a pas pu être essayé\u202f: {one.trouble}"),
    )


def _hit(witness: Witness, one: Outcome) -> Hit:
    return Hit(
        category="retention",
        rule="deleted-data-served",
        what=_RULE,
        location=witness.route,
        place=witness.route,
        trait=one.route,
        message=f"{witness.route}, read by the {witness.reader}, shows what {one.route} had deleted.",
        confidence="HIGH",
    )


def _account(one: Outcome) -> dict[str, object]:
    return {
        "deletion": one.route,
        "shown before": [f"{witness.route} ({witness.reader})" for witness in one.witnesses],
        "shown after": [f"{witness.route} ({witness.reader})" for witness in one.served],
        "trouble": one.trouble,
    }


_RULE = Rule(
    Severity.HIGH,
    "CWE-212",
    "v5.0.0-14.2.7",
    "Delete it from every table, index, cache and kept answer that serves it, in one transaction where there is one; "
    "where the law asks to keep it, take it out of reach of everybody but those who must.",
)
_DOING = Text(en="Deleting, and looking for it", fr="Suppression, puis recherche")
_NO_DELETION = Text(
    en="neither the journeys nor the OpenAPI document offer to delete what people wrote",
    fr="ni les parcours ni le document OpenAPI ne permettent de supprimer ce que les gens ont écrit",
)
