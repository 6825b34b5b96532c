"""What a step says: the objective was held, it was not, or nothing; and why, in words."""

from __future__ import annotations

import math
from enum import StrEnum

from loadtests.figures import french_percent, milliseconds
from loadtests.generator_limit import generator_was_the_limit
from loadtests.step import FEWEST_REQUESTS, Objective, Step
from scorecard.evidence import Text

LITTLE_TOLERANCE = 0.25
"""How far requests in flight may be from rate times service time (N = X * T, Little) before a step is void."""
BEHIND_SHARE = 0.05
"""Share of a step's requests that may still be under way at its end, beside what is due to chance."""


class Outcome(StrEnum):
    """What a step says: the target held, it did not, or the step says nothing about the target."""

    HELD = "held"
    FAILED = "failed"
    VOID = "void"


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
