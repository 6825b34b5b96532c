"""The load as evidence: what the service bears, at what latency, and whether the generator can be believed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from loadtests.budgets import BUDGETS, Budget
from loadtests.campaign import Campaign, SmokeFailure, TargetDied
from loadtests.demand import demand, shares
from loadtests.errors import LoadTestError
from loadtests.figures import french
from loadtests.generator import LOG, TRACES, generator
from loadtests.load_facts import facts
from loadtests.load_measured import FACTS, Measured, unknown
from loadtests.load_table import table
from loadtests.processor import CpuClock
from loadtests.search import Capacity
from loadtests.step import Objective, Step
from scorecard.evidence import Evidence, Provenance, Status, Text
from scorecard.site import Site, is_local

COLLECTOR = "loadtests.load"

_NOT_SEARCHED = Text(
    en="The smoke profile tries the set-up; it does not search the capacity: use --profile quick or longer.",
    fr="Le profil smoke essaie l’installation ; il ne cherche pas la capacité : prenez --profile quick ou plus long.",
)


@dataclass
class _Seen:
    """What was measured so far; it is kept whatever happens next."""

    peak: Step | None = None
    steps: Sequence[Step] = ()
    capacity: Capacity | None = None
    hops_per_journey: float | None = None
    locust: str = "not started"
    think_scale: float = 1.0


def collect_load(site: Site) -> Evidence:
    """Load the service with the project's journeys and search its capacity; the evidence is named ``load``.

    The status is skipped when there is nothing to load or no permission, error when the journeys or the generator do
    not work, degraded when the target died on the way or the search could not be confirmed. Steps already measured
    are kept in the table in every case.
    """
    refusal = _refusal(site)
    if refusal is not None:
        return _without_load(site, refusal)
    assert site.url is not None
    started = datetime.now(UTC)
    project = site.project
    budget = BUDGETS[site.profile]
    seed = secrets.randbits(32)
    seen = _Seen()
    objective = Objective(project.objectives.p95, project.objectives.error_rate)
    wanted = demand(project)
    mix = shares(project)
    journeys = [journey for journey in project.journeys if journey.name in mix]
    populations = {"citizen": project.project.users, "agent": max(1, project.project.agents)}
    status, reason = Status.COMPLETED, None
    try:
        with generator(site.url, journeys, populations, site.raw("load"), seed) as running:
            seen.locust = running.locust
            campaign = Campaign(
                generator=running,
                journeys=journeys,
                shares=mix,
                objective=objective,
                budget=budget,
                peak=wanted.journeys_per_s,
                tell=site.progress,
                cpu=CpuClock(site.server_pids) if site.server_pids else None,
            )
            seen.steps, seen.think_scale = campaign.steps, campaign.think_scale
            _carry_out(campaign, seen)
    except SmokeFailure as failure:
        status, reason = Status.ERROR, failure.reason
    except TargetDied as death:
        status, reason = Status.DEGRADED, _died(death)
    except LoadTestError as error:
        status, reason = (
            Status.ERROR,
            Text(en=f"The load generator failed: {error}", fr=f"Le générateur de charge a échoué : {error}"),
        )
    if status is Status.COMPLETED and not budget.searches:
        status, reason = Status.DEGRADED, _NOT_SEARCHED
    if status is Status.COMPLETED and seen.capacity is not None and not seen.capacity.confirmed:
        status, reason = Status.DEGRADED, _unconfirmed(seen.capacity)
    return Evidence(
        name="load",
        collector=COLLECTOR,
        project=project.project.name,
        status=status,
        reason=reason,
        provenance=Provenance.since(
            started,
            tool="locust",
            version=seen.locust,
            command=("python", "-P", "-m", "loadtests.engine", f"profile={site.profile}", f"seed={seed}"),
        ),
        facts=facts(
            Measured(seen.peak, seen.steps, seen.capacity, seen.hops_per_journey, objective, _caveats(budget, seen)),
            project.project.users,
            wanted,
            reason,
        ),
        tables=(table(seen.steps, objective),),
        raw=_digests(site),
    )


def _caveats(budget: Budget, seen: _Seen) -> str:
    """What a reader of the figures must know of how they came about."""
    said = [budget.caveat] if budget.caveat else []
    if seen.think_scale < 1:
        said.append(
            f"think times were shortened to {seen.think_scale:.0%}: as many requests a second, fewer sessions at once"
        )
    return "; ".join(said)


def _carry_out(campaign: Campaign, seen: _Seen) -> None:
    campaign.smoke()
    seen.hops_per_journey = campaign.hops_per_journey
    seen.peak = campaign.peak_demand()
    if campaign.budget.searches:
        seen.capacity = campaign.capacity()


def _refusal(site: Site) -> Text | None:
    """Why nothing may or can be loaded, None when it can."""
    if site.url is None:
        return Text(
            en="No service is running, so nothing was loaded.", fr="Aucun service ne tourne : rien n’a été chargé."
        )
    if not is_local(site.url) and not site.project.target.remote:
        return Text(
            en="The target is not on this machine. Load is sent elsewhere only with [target] remote = true, by those "
            "who answer for it.",
            fr="La cible n’est pas sur cette machine. La charge n’est envoyée ailleurs qu’avec [target] remote = true, "
            "sous la responsabilité de qui en répond.",
        )
    if not shares(site.project):
        return Text(
            en="The project file describes no journey of citizens or agents who exist, so there is nothing to play.",
            fr="Le fichier de projet ne décrit aucun parcours d’usagers ou d’agents existants : il n’y a rien à jouer.",
        )
    return None


def _without_load(site: Site, reason: Text) -> Evidence:
    return Evidence(
        name="load",
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.SKIPPED,
        reason=reason,
        facts=tuple(unknown(fact, reason) for fact in FACTS),
    )


def _died(death: TargetDied) -> Text:
    return Text(
        en=f"The target stopped answering at {death.rate:.1f} journeys/s and did not come back; no capacity can be "
        "given.",
        fr=f"La cible a cessé de répondre à {french(death.rate)} parcours/s et n’est pas revenue ; aucune "
        "capacité ne peut être donnée.",
    )


def _unconfirmed(capacity: Capacity) -> Text:
    match capacity.end:
        case "generator":
            return Text(
                en="The load generator reached its own limit before the capacity could be confirmed.",
                fr="Le générateur de charge a atteint sa propre limite avant que la capacité soit confirmée.",
            )
        case "time":
            return Text(
                en="There was not enough time to confirm the capacity; a longer profile would.",
                fr="Le temps a manqué pour confirmer la capacité ; un profil plus long le permettrait.",
            )
        case _:
            return Text(
                en="No rate held the objective in every repeat.",
                fr="Aucun débit n’a tenu l’objectif à chaque répétition.",
            )


def _digests(site: Site) -> dict[str, str]:
    folder = site.raw("load")
    found = [folder / name for name in (TRACES, LOG) if (folder / name).exists()]
    return {f"raw/load/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
