"""Whether the load generator and not the target was the limit of a step."""

from __future__ import annotations

from loadtests.engine.merging import WORKER_ALONE, WORKER_LOST
from loadtests.figures import french_percent, milliseconds
from loadtests.step import Objective, Step
from scorecard.evidence import Text

BUSIEST_GENERATOR = 0.9
"""Share of a core above which a single-threaded generator is itself the limit (Locust warns at the same 90 %)."""
LATEST_DISPATCH = 0.2
"""Longest dispatch lag at p99, as a share of the objective's latency."""
_FRENCH = {
    "no free port": "plus de port libre",
    "too many open files": "trop de fichiers ouverts",
    "out of memory": "mémoire épuisée",
    WORKER_LOST: "un processus de charge a été perdu",
    WORKER_ALONE: "un processus de charge n’atteint pas la cible",
}
FEWEST_STARTED = 0.98
"""Share of the scheduled sessions that must have started."""


def generator_was_the_limit(step: Step, objective: Objective) -> Text | None:
    """Why the load generator and not the target may have been the limit, None when it kept up."""
    if step.generator_errors:
        kind = next(iter(step.generator_errors))
        return Text(
            en=f"The load generator's machine was the limit ({kind}).",
            fr=f"La machine du générateur de charge était la limite ({_FRENCH.get(kind, kind)}).",
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
