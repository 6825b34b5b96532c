"""Journeys with a prober along: each step is tried before it is taken; later a marked person goes all the way.

One person plays a journey as it is meant, so that every step has been seen to work. A scout follows: what is sent in
their name may use up what a step needs, and then another scout takes the way up to there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

from scorecard.journeys import templates
from scorecard.journeys.cast import last_but
from scorecard.journeys.exchange import Reply, Sent
from scorecard.journeys.person import Person, Taken, is_of
from scorecard.journeys.sessions import ends_session
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site
from security import active_markup
from security.active_points import Point, points, put
from security.active_prober import Aim, Prober
from security.trial import Playing

Given = Mapping[str, Any]
"""Values that the service gave somebody, by the name a journey extracts them under."""
SCOUTS = 12
"""People who may be used up in one journey."""


@dataclass
class Played:
    """A journey as its owner played it; ``trouble`` says where it stopped, None when it did not."""

    journey: Journey
    owner: Person
    taken: list[Taken] = field(default_factory=list)
    trouble: str | None = None

    @property
    def steps(self) -> list[Step]:
        """The steps but for signing out."""
        return [step for step in self.journey.steps if not ends_session(step.path)]

    def routes(self, url: str) -> Iterator[tuple[str, str]]:
        """Method and path of every request of this service that was made."""
        for taken in self.taken:
            for exchange in taken.exchanges:
                if is_of(url, exchange.sent):
                    yield exchange.sent.method, urlsplit(exchange.sent.url).path

    @property
    def credentials(self) -> dict[str, str]:
        """The headers by which the owner says who they are, as in the last step that has such."""
        found = (self.owner.credentials_for(step) for step in reversed(self.steps))
        return next((headers for headers in found if headers), {})


def play(site: Site, journey: Journey, random: Random, prober: Prober) -> Played:
    """The journey as its owner plays it, to its end or to the step that did not succeed."""
    owner = last_but(site, journey, 0, random, prober.budget)
    assert owner is not None
    played = Played(journey, owner)
    for step in played.steps:
        taken = owner.take(step)
        played.taken.append(taken)
        if not taken.succeeded:
            played.trouble = f"{journey.name}, “{step.label}”: {taken.trouble}"
            break
    return played


def probe(site: Site, played: Played, others: list[Journey], random: Random, prober: Prober) -> None:
    """Try every step that the owner reached, in the name of scouts; what none reaches is kept as silent.

    Where a scout finds nothing to work on (an empty queue), people of the ``others`` go through their journeys first.
    """
    scout: Person | None = None
    used = 0
    for number, (step, taken) in enumerate(zip(played.steps, played.taken, strict=False)):
        if scout is None and used < SCOUTS:
            used += 1
            scout = _scout(site, played, number, random, prober)
            if scout is None:
                for journey in others:
                    play(site, journey, random, prober).owner.close()
                scout = _scout(site, played, number, random, prober)
        if scout is None:
            prober.silent.append(f"{step.label} (no scout came to this step)")
            continue
        aim = _aim(prober.url, scout, step, taken)
        if aim is not None:
            prober.try_all(aim)
        if not scout.take(step).succeeded:
            scout.close()
            scout = None
    if scout is not None:
        scout.close()


def mark(site: Site, played: Played, random: Random, prober: Prober) -> Given:
    """Play the journey once more with markup in each place that takes it; what the marked person was given."""
    person = last_but(site, played.journey, 1, random, prober.budget)
    if person is None:
        person = last_but(site, played.journey, 0, random, prober.budget)
    assert person is not None
    try:
        for step in played.steps[: len(played.taken)]:
            route = route_of(prober.url, person, step)
            marked = None if route is None else _marked(step, route, prober)
            taken = person.take(step if marked is None else marked)
            if not taken.succeeded and marked is not None:
                taken = person.take(step)
            for exchange in taken.exchanges:
                if is_of(prober.url, exchange.sent):
                    prober.seen(exchange.reply, f"{step.method} {step.path.partition('?')[0]}", "the same person")
            if not taken.succeeded:
                break
        kept = {name for step in played.steps for name in step.extract} & person.values.keys()
        return {name: person.values[name] for name in kept}
    finally:
        person.close()


def pages(url: str, steps: Sequence[Step], own: Given, given: Given) -> Iterator[tuple[str, Sent]]:
    """The reads among ``steps``, as somebody with the values ``own`` makes them and with what another was ``given``.

    Another journey may call the same object by another name: each identifier that was given is tried for each.
    """
    extracted = {name for step in steps for name in step.extract}
    segments = [str(value).rsplit("/", 1)[-1] for value in given.values()]
    identifiers = [segment for segment in segments if re.search(r"\d", segment)][:4]
    choices = [own, {**own, **given}, *({**own, **dict.fromkeys(extracted, one)} for one in identifiers)]
    for step in steps:
        if step.method != "GET" or ends_session(step.path):
            continue
        asked: set[str] = set()
        for values in choices:
            try:
                headers = {name: templates.text(value, own) for name, value in step.headers.items()}
                sent = Sent("GET", url + templates.path(step.path, values), headers)
            except KeyError:
                continue
            if sent.url not in asked and sent.url.startswith(f"{url}/"):
                asked.add(sent.url)
                yield f"GET {step.path.partition('?')[0]}", sent


def _scout(site: Site, played: Played, number: int, random: Random, prober: Prober) -> Person | None:
    """Somebody new who has taken the first ``number`` steps, None when one of these fails."""
    scout = last_but(site, played.journey, 2, random, prober.budget)
    if scout is None:
        scout = last_but(site, played.journey, 0, random, prober.budget)
    assert scout is not None
    for step in played.steps[:number]:
        if not scout.take(step).succeeded:
            scout.close()
            return None
    return scout


def _aim(url: str, scout: Person, step: Step, taken: Taken) -> Aim | None:
    route = route_of(url, scout, step)
    # what deletes is tried by the look at deletions, with nothing but the identifier
    if route is None or step.method == "DELETE":
        return None
    base: Reply | None = taken.exchanges[0].reply if taken.exchanges else None
    varying = frozenset(str(value) for value in scout.values.values()) - {""}
    return Aim(route, lambda: scout.write(step), scout.cookie_for, varying, base)


def route_of(url: str, person: Person, step: Step) -> str | None:
    """Method and path of a step with names for what varies; None when it leads elsewhere or lacks a value."""
    try:
        sent = person.write(step)
    except KeyError:
        return None
    return Playing(_ALONE, None, person).route(sent) if is_of(url, sent) else None


def _marked(step: Step, route: str, prober: Prober) -> Step | None:
    """The step with markup in every place of its body that took it, None when it has none."""
    body = step.form if step.json_ is None else step.json_
    if body is None:
        return None
    template = Sent("POST", "", {"content-type": "json"}, json.dumps(body).encode())
    changed = template
    for point in points(template, ()):
        where = Point("form", point.key, point.value) if step.json_ is None else point
        if (route, where.name) in prober.accepted:
            token = prober.token()
            prober.marked[token] = (route, where.name)
            changed = put(changed, point, active_markup.value(token, token))
    if changed is template:
        return None
    return step.model_copy(update={"form" if step.json_ is None else "json_": json.loads(changed.body or b"null")})


_ALONE = Journey(name="alone", steps=(Step(get="/"),))
