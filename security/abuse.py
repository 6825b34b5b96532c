"""Abuse under load: somebody repeats what a journey does without pause; do limits hold, and are the others served?

A few honest users read what is theirs all the while, before, during and after. Each person and each attack has
addresses of its own in 127.0.0.0/8, so that a limit by address can tell them apart. Elsewhere than on this machine
nothing is tried: all would come from one address, and it would be an attack.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from random import Random, SystemRandom
from types import MappingProxyType

from scorecard.evidence import Evidence, Provenance, Status, Text
from scorecard.journeys.cast import in_order
from scorecard.project import RunProfile
from scorecard.project_journeys import Journey
from scorecard.site import Site, is_local
from security.abuse_attack import Attack, Onslaught, Scenario, attacks, run
from security.abuse_facts import FACTS, Phase, account, facts, hit, is_unlimited, table
from security.abuse_honest import Honest
from security.observation import COLLECTOR, keep, unobserved
from security.playable import refusal
from security.redaction import redact
from security.rules import findings

NAME = "abuse"
HONEST = 3


@dataclass(frozen=True)
class Length:
    """How long: seconds of calm before and after, requests of an attack, its least and most seconds."""

    calm_s: float
    requests: int
    least_s: float
    most_s: float


LENGTHS: MappingProxyType[RunProfile, Length] = MappingProxyType(
    {
        "smoke": Length(0.5, 300, 0.5, 6.0),
        "quick": Length(1.5, 300, 1.0, 8.0),
        "standard": Length(5.0, 1500, 5.0, 30.0),
        "full": Length(10.0, 3000, 15.0, 60.0),
    }
)


def collect(site: Site, *, random: Random | None = None, length: Length | None = None) -> Evidence:
    """Evidence ``abuse``: which repetitions met a limit, after how many requests, and what honest users felt of it.

    An attack that could not begin, or ended before a limit could show, leaves what it asks unknown.
    """
    refused = refusal(site)
    if refused is None and not is_local(site.url or ""):
        refused = (Status.SKIPPED, _ELSEWHERE)
    if refused is None and site.project.security.active is False:
        refused = (Status.SKIPPED, _SWITCHED_OFF)
    if refused is None and not _has_addresses():
        refused = (Status.SKIPPED, _ONE_ADDRESS)
    if refused is not None:
        return unobserved(site, NAME, *refused, FACTS)
    assert site.url is not None
    started = datetime.now(UTC)
    chance = SystemRandom() if random is None else random
    phases, trouble = _look(site, site.url.rstrip("/"), chance, LENGTHS[site.profile] if length is None else length)
    tried = [phase.onslaught for phase in phases if phase.onslaught is not None]
    if not tried:
        return unobserved(site, NAME, Status.SKIPPED, _NOTHING if trouble is None else trouble, FACTS)
    gap = trouble if trouble is not None else _gap(tried, LENGTHS[site.profile] if length is None else length)
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(
            started, tool="portance-abuse", version=metadata.version("portance"), command=("repeat", redact(site.url))
        ),
        facts=facts(phases, tried, gap),
        findings=findings(hit(one) for one in tried if is_unlimited(one)),
        tables=(table(phases),),
        raw=keep(site, NAME, "phases.json", [account(phase) for phase in phases]),
    )


def _look(site: Site, url: str, random: Random, length: Length) -> tuple[list[Phase], Text | None]:
    planned = _planned(site, url)
    if not planned:
        return [], None
    phases: list[Phase] = []
    citizens = [journey for journey in in_order(site) if journey.persona == planned[0].journey.persona]
    numbers = [_number(site, citizens[0], place) for place in range(HONEST)]
    addresses = [f"127.0.9.{at}" for at in range(1, HONEST + 1)]
    with Honest(url, citizens[0], numbers, addresses, random) as honest:
        if honest.trouble is not None:
            return [], _no_honest(honest.trouble)
        began = time.monotonic()
        time.sleep(length.calm_s)
        phases.append(Phase("before", honest.share(began, time.monotonic())))
        for at, attack in enumerate(planned):
            message = Text(en="Abuse beside honest users", fr="Abus à côté d’usagers honnêtes")
            site.progress(message, (at + 1) / (len(planned) + 2), None)
            came_from = tuple(f"127.0.{10 + at}.{last}" for last in ((1, 2, 3, 4) if attack.roams else (1,)))
            began = time.monotonic()
            done = run(
                attack,
                url,
                _number(site, attack.journey, HONEST + at),
                came_from,
                random,
                requests=length.requests,
                least_s=length.least_s,
                most_s=length.most_s,
            )
            phases.append(Phase(attack.scenario.value, honest.share(began, time.monotonic()), done))
        began = time.monotonic()
        time.sleep(length.calm_s)
        phases.append(Phase("after", honest.share(began, time.monotonic())))
    return phases, None


def _planned(site: Site, url: str) -> list[Attack]:
    """Each scenario once, in the journey that offers it first."""
    found: dict[Scenario, Attack] = {}
    for journey in in_order(site):
        for attack in attacks(journey, url):
            found.setdefault(attack.scenario, attack)
    return [found[scenario] for scenario in Scenario if scenario in found]


def _number(site: Site, journey: Journey, place: int) -> int:
    """A person of the population that the other looks at the service leave alone, as far as it has so many."""
    project = site.project.project
    population = project.users if journey.persona == "citizen" else max(1, project.agents)
    return (population - 4 - place) % population


def _has_addresses() -> bool:
    """Whether this machine can send from any address of 127.0.0.0/8 (Linux can)."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.9.1", 0))
    except OSError:
        return False
    return True


def _gap(tried: list[Onslaught], length: Length) -> Text | None:
    for one in tried:
        name = one.attack.scenario.value
        if one.trouble is not None:
            return Text(
                en=redact(f"the attack “{name}” could not begin: {one.trouble}"),
                fr=redact(f"l’attaque « {name} » n’a pas pu commencer\u202f: {one.trouble}"),
            )
        if one.first_limit is None and len(one.replies) < length.requests:
            return Text(
                en=f"the attack “{name}” sent {len(one.replies)} of {length.requests} requests in its time: too few to "
                "tell that there is no limit",
                fr=f"l’attaque « {name} » a envoyé {len(one.replies)} requêtes sur {length.requests} dans son "
                "temps\u202f: trop peu pour dire qu’il n’y a pas de limite",
            )
        if all(reply.status is None for reply in one.replies):
            return Text(
                en=f"the attack “{name}” got no answer at all", fr=f"l’attaque « {name} » n’a reçu aucune réponse"
            )
    return None


def _no_honest(trouble: str) -> Text:
    return Text(
        en=redact(f"no honest user could be served beside an attack: {trouble}"),
        fr=redact(f"aucun usager honnête n’a pu être servi à côté d’une attaque\u202f: {trouble}"),
    )


_NOTHING = Text(
    en="the journeys have no step of this service that can be repeated",
    fr="les parcours n’ont aucune étape de ce service qui puisse être répétée",
)
_ELSEWHERE = Text(
    en="the service is not on this machine: abuse is tried on this machine only, since elsewhere all of it would come "
    "from one address",
    fr="le service n’est pas sur cette machine\u202f: l’abus n’est essayé que sur cette machine, car ailleurs il "
    "viendrait d’une seule adresse",
)
_SWITCHED_OFF = Text(
    en="[security] active = false in portance.toml: nothing was tried",
    fr="[security] active = false dans portance.toml\u202f: rien n’a été essayé",
)
_ONE_ADDRESS = Text(
    en="this machine cannot send from several addresses of 127.0.0.0/8, so nobody could be told from another",
    fr="cette machine ne peut pas envoyer depuis plusieurs adresses de 127.0.0.0/8, personne ne pourrait donc être "
    "distingué d’un autre",
)
