"""One step of the load: what was measured at one rate, and whether it says that the objective was held."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from loadtests.figures import french_percent, milliseconds
from loadtests.histogram import Quantiles, quantiles
from scorecard.evidence import Text

FEWEST_REQUESTS = 20
"""Below that the 95th percentile is the slowest answer or nothing."""
BUSIEST_GENERATOR = 0.9
"""Share of a core above which a single-threaded generator is itself the limit (Locust warns at the same 90 %)."""
LATEST_DISPATCH = 0.2
"""Longest dispatch lag at p99, as a share of the objective's latency."""
FEWEST_STARTED = 0.98
"""Share of the scheduled sessions that must have started."""
LITTLE_TOLERANCE = 0.25
"""How far requests in flight may be from rate times service time (N = X * T, Little) before a step is void."""
BEHIND_SHARE = 0.05
"""Share of a step's requests that may still be under way at its end, beside what is due to chance."""


@dataclass(frozen=True)
class Objective:
    """What a good answer is: the 95th percentile in seconds and the share of errors allowed."""

    p95_s: float
    error_rate: float


class Outcome(StrEnum):
    """What a step says: the target held, it did not, or the step says nothing about the target."""

    HELD = "held"
    FAILED = "failed"
    VOID = "void"


@dataclass(frozen=True)
class Step:
    """Measurements at one offered rate.

    Attributes:
        rate: offered journeys a second.
        requests: requests to the target whose intended start lay in the window.
        errors: those that did not come back as expected.
        latency: from the intended start; None without any request.
        service: from the moment they were sent.
        rps: answers of the target a second within the window, redirects followed included.
        answered: requests to the target answered within the window, whenever they were meant to start; None when
            not counted.
        lag_p99_s: delay between the scheduled arrival of a session and its start, 99th percentile.
        generator_cpu: share of a core the generator used.
        in_flight: requests under way, on average over the window.
        window_s: length of the window, shorter when the step was ended early.
        scheduled: sessions due in the window.
        started: those that started.
        broken: limit that ended the step early: sessions, errors, slow or dead.
        heard: requests to the target that were answered at all, well or badly.
        limited: answers 429.
        writes: requests to the target that were POST, PUT, PATCH or DELETE.
        verified: ``verify`` steps whose answer tells whether what was written is there.
        lost: ``verify`` steps that did not find what was written.
        generator_errors: errors that are the generator's own.
        kinds: requests to the target that failed, by step and kind.
        service_cpu: cores the service used, None when its processes are not known.
        phase: what the step was made for.
        parts: latency of each step of the journeys that goes to the target, by its name.
        histograms: ``latency`` in full, encoded; repeats are pooled from them.
        began: when its load began, in UTC; None when nobody noted it.
        over: when its last answer had come or was given up.
    """

    rate: float
    requests: int
    errors: int
    latency: Quantiles | None
    service: Quantiles | None = None
    rps: float = 0.0
    answered: int | None = None
    lag_p99_s: float = 0.0
    generator_cpu: float = 0.0
    in_flight: float | None = None
    window_s: float = 0.0
    scheduled: int = 0
    started: int = 0
    broken: str | None = None
    heard: int = 0
    limited: int = 0
    writes: int = 0
    verified: int = 0
    lost: int = 0
    generator_errors: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    service_cpu: float | None = None
    phase: str = ""
    parts: Mapping[str, Quantiles] = field(default_factory=dict)
    histograms: tuple[str, ...] = ()
    began: datetime | None = None
    over: datetime | None = None

    @property
    def hops(self) -> float:
        """Requests that the target got for one of a journey, each redirect followed being one."""
        return self.rps * self.window_s / self.answered if self.answered else 1.0

    @property
    def error_rate(self) -> float | None:
        """Share of the requests that failed; None without any."""
        return self.errors / self.requests if self.requests else None


def from_report(report: Mapping[str, Any], rate: float, phase: str, service_cpu: float | None = None) -> Step:
    """A step from the generator's raw report; requests to other origins are left out."""
    ours = [one for one in report["steps"] if not one["elsewhere"]]
    counts = report["counts"]
    window = report["window_s"]
    lag = quantiles([report["lag"]])
    return Step(
        rate=rate,
        requests=sum(one["requests"] for one in ours),
        errors=sum(count for one in ours for count in one["errors"].values()),
        latency=quantiles(one["latency"] for one in ours),
        service=quantiles(one["service"] for one in ours),
        rps=counts.get("completed", 0) / window if window else 0.0,
        answered=counts.get("answered", 0),
        lag_p99_s=lag.p99 if lag is not None else 0.0,
        generator_cpu=report["cpu"],
        in_flight=report["in_flight"],
        window_s=window,
        scheduled=report["scheduled"],
        started=counts.get("sessions", 0),
        broken=report["broken"],
        heard=counts.get("heard", 0),
        limited=counts.get("limited", 0),
        writes=counts.get("writes", 0),
        verified=counts.get("verified", 0),
        lost=counts.get("lost", 0),
        generator_errors=report["generator_errors"],
        kinds={f"{one['label']}: {kind}": count for one in ours for kind, count in one["errors"].items()},
        service_cpu=service_cpu,
        phase=phase,
        parts={one["label"]: latency for one in ours if (latency := quantiles([one["latency"]])) is not None},
        histograms=tuple(one["latency"] for one in ours),
    )


def judge(step: Step, objective: Objective) -> tuple[Outcome, Text]:
    """Whether the objective was held in ``step``, and why.

    A target that is gone has failed whatever else. Then comes the generator: if it was itself the limit the step
    says nothing. Then errors, of which the objective's share of the requests is allowed, rounded up: one error in a
    few hundred requests does not show that one in a thousand is exceeded. Latency counts only after them, since a
    target that fails may well fail fast.
    """
    if step.broken == "dead":
        return Outcome.FAILED, _dead(step)
    excuse = generator_was_the_limit(step, objective)
    if excuse is not None:
        return Outcome.VOID, excuse
    rate = step.error_rate
    if rate is not None and step.errors > math.ceil(objective.error_rate * step.requests):
        return Outcome.FAILED, _too_many_errors(step, rate, objective)
    if step.broken is not None:
        return Outcome.FAILED, _ended_early(step, objective)
    if step.requests < FEWEST_REQUESTS or step.latency is None or rate is None:
        return Outcome.VOID, Text(
            en=f"{step.requests} answers are too few to judge by ({FEWEST_REQUESTS} are needed).",
            fr=f"{step.requests} réponses, c’est trop peu pour juger (il en faut {FEWEST_REQUESTS}).",
        )
    if step.latency.p95 > objective.p95_s:
        return Outcome.FAILED, Text(
            en=f"p95 is {milliseconds(step.latency.p95)}, the objective is {milliseconds(objective.p95_s)}.",
            fr=f"Le p95 est de {milliseconds(step.latency.p95)}, l’objectif est de {milliseconds(objective.p95_s)}.",
        )
    if _falls_behind(step):
        assert step.answered is not None
        return Outcome.FAILED, Text(
            en=f"The target falls behind: it answered {step.answered} of {step.requests} requests in the time they "
            "came in.",
            fr=f"La cible prend du retard : elle a répondu à {step.answered} requêtes sur {step.requests} dans le "
            "temps où elles arrivaient.",
        )
    contradiction = _not_steady(step)
    if contradiction is not None:
        return Outcome.VOID, contradiction
    return Outcome.HELD, Text(
        en=f"p95 is {milliseconds(step.latency.p95)}, errors are {rate:.2%}.",
        fr=f"Le p95 est de {milliseconds(step.latency.p95)}, les erreurs de {french_percent(rate)}.",
    )


def generator_was_the_limit(step: Step, objective: Objective) -> Text | None:
    """Why the load generator and not the target may have been the limit, None when it kept up."""
    if step.generator_errors:
        kind = next(iter(step.generator_errors))
        return Text(
            en=f"The load generator's machine was the limit ({kind}).",
            fr=f"La machine du générateur de charge était la limite ({kind}).",
        )
    busy, occupied = f"{step.generator_cpu:.0%}", french_percent(step.generator_cpu, 0)
    if step.generator_cpu >= BUSIEST_GENERATOR:
        return Text(
            en=f"The load generator was the limit: it used {busy} of its core.",
            fr=f"Le générateur de charge était la limite : il occupait {occupied} de son cœur.",
        )
    if step.lag_p99_s > LATEST_DISPATCH * objective.p95_s:
        # a late generator that is not busy itself was kept waiting by others: a server of this machine, or a neighbour
        late = milliseconds(step.lag_p99_s)
        return Text(
            en=f"The load could not be sent on time: sessions started {late} late (p99), the generator using {busy} of "
            "its core.",
            fr=f"La charge n’a pas pu être envoyée à l’heure : les sessions partaient avec {late} de retard (p99), le "
            f"générateur occupant {occupied} de son cœur.",
        )
    if step.broken is None and step.started < FEWEST_STARTED * step.scheduled:
        return Text(
            en=f"The load generator was the limit: it started {step.started} of {step.scheduled} sessions.",
            fr=f"Le générateur de charge était la limite : il a lancé {step.started} sessions sur {step.scheduled}.",
        )
    return None


def _falls_behind(step: Step) -> bool:
    """Whether answers come slower than requests by more than chance: a queue grows, however short the step.

    What is under way at the two ends of the window differs by chance by about the root of the requests at most.
    """
    if step.answered is None:
        return False
    return step.requests - step.answered > BEHIND_SHARE * step.requests + 2 * math.sqrt(step.requests)


def _not_steady(step: Step) -> Text | None:
    if step.in_flight is None or step.service is None or not step.window_s:
        return None
    # requests, not hops: one request under way is one, however many redirects it follows
    expected = step.requests / step.window_s * step.service.mean
    if abs(step.in_flight - expected) <= LITTLE_TOLERANCE * expected + 1.0:
        return None
    return Text(
        en=f"The measurement contradicts itself: {step.in_flight:.1f} requests under way where rate and service time "
        f"give {expected:.1f} (Little's law).",
        fr=f"La mesure se contredit : {step.in_flight:.1f} requêtes en cours là où le débit et le temps de service "
        f"en donnent {expected:.1f} (loi de Little).",
    )


def _too_many_errors(step: Step, rate: float, objective: Objective) -> Text:
    if step.limited * 2 > step.errors:
        return Text(
            en=f"The target limits the rate: {step.limited} answers 429 ({rate:.1%} errors). This is the limiter's "
            "line, not the service's capacity.",
            fr=f"La cible limite le débit : {step.limited} réponses 429 ({french_percent(rate, 1)} d’erreurs). C’est "
            "la limite du régulateur, non la capacité du service.",
        )
    most = max(step.kinds.items(), key=lambda item: item[1])[0] if step.kinds else ""
    shown = f" ({most})" if most else ""
    return Text(
        en=f"{rate:.2%} of the requests failed, the objective is {objective.error_rate:.2%}{shown}.",
        fr=f"{french_percent(rate)} des requêtes ont échoué, l’objectif est de "
        f"{french_percent(objective.error_rate)}{shown}.",
    )


def _ended_early(step: Step, objective: Objective) -> Text:
    match step.broken:
        case "slow":
            return Text(
                en=f"Ended early: more than 5 % of the answers took longer than {milliseconds(objective.p95_s)}.",
                fr=f"Arrêté tôt : plus de 5 % des réponses ont pris plus de {milliseconds(objective.p95_s)}.",
            )
        case "errors":
            return Text(en="Ended early: too many errors.", fr="Arrêté tôt : trop d’erreurs.")
        case _:
            return Text(
                en="Ended early: sessions arrived faster than the target served them and piled up.",
                fr="Arrêté tôt : les sessions arrivaient plus vite que la cible ne les servait et s’accumulaient.",
            )


def _dead(step: Step) -> Text:
    kind = max(step.kinds.items(), key=lambda item: item[1])[0] if step.kinds else ""
    shown = f" ({kind})" if kind else ""
    return Text(en=f"The target stopped answering{shown}.", fr=f"La cible a cessé de répondre{shown}.")
