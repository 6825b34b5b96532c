"""From the number on somebody's receipt to the trace of the request that made it: does the log lead there?

One person goes through the journey that gives a receipt, with a trace id of ours on each step. Then the service's own
log is searched for the receipt: the way is there if a line holds both the number and the id we sent with that step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from scorecard.evidence import Text
from scorecard.journeys.cast import in_order, last_but
from scorecard.journeys.exchange import Budget
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site

PLACES_FROM_LAST = 40
"""Whom the journey is played by: others at the end of the population are busy with the scanners."""
REQUESTS, WITHIN_S = 60, 30.0
LOG_APPEARS_WITHIN_S = 5.0
LOG_LIMIT = 64 * 1024 * 1024
_POLL_S = 0.1


@dataclass(frozen=True)
class Way:
    """Whether the receipt leads to its trace; None with a reason where that could not be tried."""

    leads: bool | None
    reason: Text | None = None
    detail: str = ""


def walk(site: Site, random: Random, log: Path, clock: Callable[[], float] = time.monotonic) -> Way:
    """Get a receipt and look for it in ``log``, which the service writes."""
    wanted = site.project.operations.receipt
    if wanted is None:
        return Way(None, _NO_RECEIPT)
    found = next(((j, n) for j in in_order(site) for n, step in enumerate(j.steps) if wanted in step.extract), None)
    if found is None:
        return Way(None, _no_step(wanted))
    if not log.is_file():
        return Way(None, _NO_LOG)
    began_at = log.stat().st_size
    got = _receipt(site, *found, wanted, random, clock)
    if isinstance(got, Text):
        return Way(None, got)
    return _look(log, began_at, *got, clock)


def _receipt(
    site: Site, journey: Journey, last: int, wanted: str, random: Random, clock: Callable[[], float]
) -> tuple[str, str] | Text:
    """The receipt, and the trace id that went with the step that gave it."""
    person = last_but(site, journey, PLACES_FROM_LAST, random, Budget(REQUESTS, clock() + WITHIN_S))
    if person is None:
        return _NOBODY
    trace_id = ""
    try:
        for step in journey.steps[: last + 1]:
            trace_id = f"{random.getrandbits(128) | 1:032x}"
            taken = person.take(_traced(step, trace_id, random))
            if not taken.succeeded:
                return _no_receipt(step.label, str(taken.trouble))
        return str(person.values[wanted]), trace_id
    finally:
        person.close()


def _traced(step: Step, trace_id: str, random: Random) -> Step:
    parent = f"00-{trace_id}-{random.getrandbits(64) | 1:016x}-01"
    return step.model_copy(update={"headers": {**step.headers, "traceparent": parent}})


def _look(log: Path, began_at: int, receipt: str, trace_id: str, clock: Callable[[], float]) -> Way:
    """Wait a little for the line: a service may write its log behind the answer."""
    until = clock() + LOG_APPEARS_WITHIN_S
    while True:
        with log.open("rb") as file:
            file.seek(began_at)
            lines = file.read(LOG_LIMIT).decode("utf-8", "replace").splitlines()
        named = [line for line in lines if receipt in line]
        if any(trace_id in line for line in named):
            return Way(True)
        if clock() > until:
            break
        time.sleep(_POLL_S)
    return Way(False, detail=f"receipt: {len(named)}/{len(lines)}; trace_id: 0/{len(named)}")


_NO_RECEIPT = Text(
    en="operations.receipt in portance.toml names no value that people are given to refer to their request",
    fr="operations.receipt, dans portance.toml, ne nomme aucune valeur remise aux usagers pour désigner leur demande",
)
_NO_LOG = Text(
    en="the log of the service is not here: it is only for a service that the run started (target.start)",
    fr="le journal du service n’est pas ici : il ne l’est que pour un service lancé par l’évaluation (target.start)",
)
_NOBODY = Text(
    en="the population is too small for somebody to play the journey beside the others",
    fr="la population est trop petite pour que quelqu’un joue le parcours à côté des autres",
)


def _no_step(wanted: str) -> Text:
    return Text(
        en=f"no step of a journey extracts {wanted!r}, which operations.receipt names",
        fr=f"aucune étape d’un parcours n’extrait « {wanted} », que nomme operations.receipt",
    )


def _no_receipt(step: str, trouble: str) -> Text:
    return Text(
        en=f"no receipt was given: at step {step!r} {trouble}",
        fr=f"aucun accusé de réception n’a été remis : l’étape « {step} » n’a pas abouti",
    )
