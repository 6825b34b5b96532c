"""The load as evidence: what the service bears, at what latency, and whether the generator can be believed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from loadtests.budgets import BUDGETS
from loadtests.campaign import Campaign, SmokeFailure, TargetDied
from loadtests.demand import demand, shares
from loadtests.errors import LoadTestError
from loadtests.figures import french
from loadtests.generator import LOG, TRACES, generator, means_of
from loadtests.load_facts import facts
from loadtests.load_measured import FACTS, Measured, unknown
from loadtests.load_table import table
from loadtests.loading import refusal
from loadtests.locustfile import played
from loadtests.processor import CpuClock
from loadtests.search import Capacity
from loadtests.step import Objective, Step
from loadtests.step_log import NAME as STEPS
from loadtests.step_log import StepLog, head_of, open_log
from loadtests.usage_log import logged
from scorecard.evidence import Evidence, Provenance, Status, Text
from scorecard.site import Site

COLLECTOR = "loadtests.load"
_JUMP_S = 2.0
"""Seconds by which a clock may be corrected without anybody being told."""

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
    caveats: tuple[str, ...] = ()


def collect_load(site: Site) -> Evidence:
    """Load the service with the project's journeys and search its capacity; the evidence is named ``load``.

    The status is skipped when there is nothing to load or no permission, error when the journeys or the generator do
    not work, degraded when the target died on the way or the search could not be confirmed. Steps already measured
    are kept in the table in every case.
    """
    try:
        load = played(site)
    except LoadTestError as error:
        return _without_load(site, _failed(error), Status.ERROR)
    site = load.site
    reason = refusal(site, site.url)
    if reason is not None:
        return _without_load(site, reason)
    assert site.url is not None
    started = datetime.now(UTC)
    project = site.project
    budget = BUDGETS[site.profile]
    log = open_log(site.raw("load") / STEPS, head_of(project, site.profile), secrets.randbits(32), started)
    if log.attempt:
        _put_aside_traces(site, log.attempt)
    seen = _Seen()
    objective = Objective(project.objectives.p95, project.objectives.error_rate)
    wanted = demand(project)
    mix = shares(project)
    journeys = [journey for journey in project.journeys if journey.name in mix]
    populations = {"citizen": project.project.users, "agent": max(1, project.project.agents)}
    status = Status.COMPLETED
    try:
        with (
            logged(site.server_pids, site.raw("load")),
            generator(site.url, journeys, populations, site.raw("load"), log.seed, means_of(site)) as running,
        ):
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
                log=log,
            )
            seen.steps = campaign.steps
            try:
                _carry_out(campaign, seen)
            finally:
                seen.caveats = (*load.caveats, *_caveats(campaign, log))
    except SmokeFailure as failure:
        status, reason = Status.ERROR, failure.reason
    except TargetDied as death:
        status, reason = Status.DEGRADED, _died(death)
    except LoadTestError as error:
        status, reason = Status.ERROR, _failed(error)
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
            command=("python", "-P", "-m", "loadtests.engine", f"profile={site.profile}", f"seed={log.seed}"),
        ),
        facts=facts(
            Measured(seen.peak, seen.steps, seen.capacity, seen.hops_per_journey, objective, "; ".join(seen.caveats)),
            project.project.users,
            wanted,
            reason,
        ),
        tables=(table(seen.steps, objective),),
        raw=_digests(site),
    )


def _failed(error: LoadTestError) -> Text:
    return Text(en=f"The load generator failed: {error}", fr=f"Le générateur de charge a échoué : {error}")


def _caveats(campaign: Campaign, log: StepLog) -> tuple[str, ...]:
    """What a reader of the figures must know of how they came about."""
    said = [campaign.budget.caveat] if campaign.budget.caveat else []
    if campaign.think_scale < 1:
        said.append(
            f"think times were shortened to {campaign.think_scale:.0%}: as many requests a second, fewer sessions at "
            "once"
        )
    if campaign.cold:
        said.append("the service was still getting faster when its warm-up was over: it had not settled")
    if log.taken:
        said.append(
            f"resumed: {log.taken} of {len(campaign.steps)} steps were measured before the run was interrupted, with "
            "the service started anew in between"
        )
    if abs(jump := campaign.jumped_s()) >= _JUMP_S:
        said.append(
            f"the machine's clock was set by {jump:+.0f} s during the load; durations and the times of the steps are "
            "from a clock that is never set"
        )
    return tuple(said)


def _put_aside_traces(site: Site, attempt: int) -> None:
    """Spans of an attempt that was cut off are lost with it, so the requests it had sampled are not looked for."""
    traces = site.raw("load") / TRACES
    if traces.exists():
        traces.replace(traces.with_name(f"attempt-{attempt}-{TRACES}"))


def _carry_out(campaign: Campaign, seen: _Seen) -> None:
    campaign.smoke()
    seen.hops_per_journey = campaign.hops_per_journey
    seen.peak = campaign.peak_demand()
    if campaign.budget.searches:
        seen.capacity = campaign.capacity()


def _without_load(site: Site, reason: Text, status: Status = Status.SKIPPED) -> Evidence:
    return Evidence(
        name="load",
        collector=COLLECTOR,
        project=site.project.project.name,
        status=status,
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
    found = [folder / name for name in (STEPS, TRACES, LOG) if (folder / name).exists()]
    return {f"raw/load/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
