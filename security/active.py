"""What gets through: values that a service should take for text are sent wherever it takes one.

Markup, pieces of SQL, commands, templates, file names, addresses, each with a mark that proves what became of it. It
writes what people write, and what they should not be able to: so it is for a service of this machine, or one whose
owner says so in ``[security] active``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from random import Random, SystemRandom
from types import MappingProxyType

from scorecard.evidence import Evidence, Fact, Finding, Provenance, Status, Text, Unit
from scorecard.journeys.cast import in_order
from scorecard.journeys.exchange import Budget
from scorecard.project import RunProfile
from scorecard.site import Site, is_local
from security.active_attempt import Weakness
from security.active_journeys import Played, mark, pages, play, probe
from security.active_operations import Surface, survey, upload
from security.active_prober import Prober
from security.active_rules import COUNTED, FACTS, hit
from security.callback import Callback
from security.observation import COLLECTOR, count, keep, unknown, unobserved
from security.playable import refusal
from security.redaction import redact
from security.rules import findings

NAME = "active"
BUDGETS: MappingProxyType[RunProfile, tuple[int, float]] = MappingProxyType(
    {"smoke": (400, 8.0), "quick": (13_000, 45.0), "standard": (20_000, 180.0), "full": (60_000, 600.0)}
)
"""Requests and seconds at most, by the profile of the run."""


def budget_of(profile: RunProfile) -> Budget:
    """What may be sent in a run of ``profile``."""
    requests, seconds = BUDGETS[profile]
    return Budget(left=requests, deadline=time.monotonic() + seconds)


def collect(
    site: Site, *, random: Random | None = None, budget: Callable[[RunProfile], Budget] = budget_of
) -> Evidence:
    """Evidence ``active``: the places where a value became markup, SQL, a command, a file name, an address.

    A place that could not be tried makes the counts lower bounds, or unknown when they are zero.
    """
    refused = _refusal(site)
    if refused is not None:
        return unobserved(site, NAME, *refused, FACTS)
    assert site.url is not None
    started = datetime.now(UTC)
    chance = SystemRandom() if random is None else random
    with Callback() as callback:
        thorough = site.profile in ("standard", "full")
        prober = Prober(site.url.rstrip("/"), budget(site.profile), callback, chance, thorough)
        try:
            surface = _look(site, chance, prober)
        finally:
            prober.close()
    gap = _gap([*surface.troubles, *prober.silent, *surface.unsent])
    if gap is None and not prober.places:
        gap = _NO_PLACE
    found = findings(hit(one) for one in prober.proved)
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(
            started, tool="portance-active", version=metadata.version("portance"), command=("probe", redact(site.url))
        ),
        facts=_facts(prober, surface, found, reachable=bool(site.server_pids)),
        findings=found,
        raw=keep(site, NAME, "trials.json", _account(prober, surface)),
    )


def _look(site: Site, random: Random, prober: Prober) -> Surface:
    """Try the journeys, then what else the service documents; look for what stayed; last the uploads."""
    played: list[Played] = []
    try:
        for journey in in_order(site):
            _progress(site, 0.1)
            played.append(play(site, journey, random, prober))
        for done, one in enumerate(played):
            _progress(site, 0.2 + 0.4 * done / len(played))
            others = [other.journey for other in played if other.journey.persona != one.journey.persona]
            probe(site, one, others, random, prober)
        _progress(site, 0.6)
        surface = survey(site, played, random, prober)
        _progress(site, 0.8)
        given = [mark(site, one, random, prober) for one in played]
        for reader in played:
            for values in given:
                for route, sent in pages(prober.url, reader.steps[: len(reader.taken)], reader.owner.values, values):
                    reply = prober.send(sent, reader.owner.cookie_for(sent.url))
                    prober.seen(reply, route, f"another {reader.journey.persona}")
        for route, sent, cookie in surface.reads:
            prober.seen(prober.send(sent, cookie), route, "anybody who may read it")
        _progress(site, 0.9)
        upload(surface, prober)
        prober.late_calls()
        return surface
    finally:
        for one in played:
            one.owner.close()


def _refusal(site: Site) -> tuple[Status, Text] | None:
    wanted = site.project.security.active
    if wanted is False:
        return Status.SKIPPED, _SWITCHED_OFF
    refused = refusal(site)
    if refused is not None:
        return refused
    assert site.url is not None
    if not is_local(site.url) and not site.server_pids and wanted is not True:
        return Status.SKIPPED, _NOT_ASKED
    return None


def _gap(missing: list[str]) -> Text | None:
    """What was not tried, and why; None when everything was."""
    if not missing:
        return None
    first = redact(missing[0])
    return Text(
        en=f"{len(missing)} places could not be tried to the end, the first being: {first}",
        fr=f"{len(missing)} endroits n’ont pas pu être essayés jusqu’au bout, le premier étant\u202f: {first}",
    )


def _facts(prober: Prober, surface: Surface, found: tuple[Finding, ...], *, reachable: bool) -> tuple[Fact, ...]:
    """The facts; ``reachable`` says whether the service is known to be able to call the listener of the run.

    It is when the run started it. A service at an address of this machine may stand in a container, whose loopback is
    its own: there, that nobody called says nothing.
    """
    detail = f"{prober.places} places, {prober.sent} requests"
    missing = [*surface.troubles, *prober.silent]

    def untold(weaknesses: tuple[Weakness, ...]) -> Text | None:
        if Weakness.SSRF in weaknesses and not reachable:
            return _NOT_REACHABLE
        if Weakness.UPLOAD in weaknesses:
            # a large body that could not be sent says nothing about the values that were
            gap = _gap([*missing, *surface.unsent])
            return gap if gap is not None or surface.uploads else _NO_UPLOAD
        gap = _gap(missing)
        return gap if gap is not None or prober.places else _NO_PLACE

    counted = [
        count(
            fact,
            sum(one.rule in weaknesses for one in found),
            untold(weaknesses),
            detail,
        )
        for fact, weaknesses in COUNTED.items()
    ]
    coverage = "security.active_coverage"
    shown = f"{surface.reached} of {surface.meant} requests were accepted as they should be before they were altered"
    return (
        *counted,
        Fact(id="security.active_places", value=prober.places, unit=Unit.COUNT, detail=f"{prober.sent} requests"),
        Fact(id=coverage, value=round(surface.reached / surface.meant, 4), unit=Unit.RATIO, detail=shown)
        if surface.meant
        else unknown(coverage, Unit.RATIO, _NO_PLACE),
    )


def _account(prober: Prober, surface: Surface) -> dict[str, object]:
    return {
        "requests": prober.sent,
        "places": prober.places,
        "not tried": prober.silent,
        "not reached": surface.unreached,
        "troubles": surface.troubles + surface.unsent,
        "proved": [
            {"route": one.route, "place": one.place, "weakness": one.proof.weakness.value, "sent": one.proof.sent}
            for one in prober.proved
        ],
    }


def _progress(site: Site, share: float) -> None:
    site.progress(Text(en="Trying what gets through", fr="Essai de ce qui passe"), share, None)


_NO_PLACE = Text(
    en="neither the journeys, the pages nor the OpenAPI document take a value from a visitor: there was nothing to try",
    fr="ni les parcours, ni les pages, ni le document OpenAPI ne reçoivent de valeur d’un visiteur\u202f: il n’y avait "
    "rien à essayer",
)
_NO_UPLOAD = Text(
    en="nothing that was seen takes a file or a text, so that no large one could be sent",
    fr="rien de ce qui a été vu ne reçoit de fichier ni de texte, aucun de grande taille n’a donc pu être envoyé",
)
_NOT_REACHABLE = Text(
    en="this run did not start the service, so it is not known whether it can call the listener that the run has here",
    fr="cette évaluation n’a pas lancé le service, on ignore donc s’il peut appeler l’écoute qu’elle tient ici",
)
_SWITCHED_OFF = Text(
    en="[security] active = false in portance.toml: nothing was tried",
    fr="[security] active = false dans portance.toml\u202f: rien n’a été essayé",
)
_NOT_ASKED = Text(
    en="the service is not on this machine: attacks are tried there only with [security] active = true, by those who "
    "answer for it",
    fr="le service n’est pas sur cette machine\u202f: des attaques n’y sont essayées qu’avec [security] active = true, "
    "par qui en répond",
)
