"""Diagnoses as facts, findings and a table of the evidence "traces"."""

from __future__ import annotations

from collections.abc import Sequence

from observability.diagnosis.diagnosis import Diagnosis, Rule
from observability.diagnosis.gain import Gain, users
from observability.loaded import Loaded
from scorecard.evidence import Column, Fact, Finding, Severity, Table, Text, Unit

MOST_FINDINGS = 50
NONE_FOUND = Text(en="none", fr="aucun")
NO_TIME = Text(
    en="the requests received lasted no time at all, their clock cannot be used",
    fr="les requêtes reçues ont une durée nulle : leur horloge est inutilisable",
)
TOO_FEW = Text(
    en="no route was asked often enough (10 requests with spans) to be diagnosed",
    fr="aucune route n’a été appelée assez souvent (10 appels tracés) pour être diagnostiquée",
)
NOT_FREE = "the processor was busy or not observed, so waiting in own code is not told from working"
HEAVY_SHARE = 0.25
"""Share of the time of all requests from which on a diagnosis is of high severity."""


def facts(found: Sequence[Diagnosis], total_s: float, unknown: Text | None, not_seen: str) -> list[Fact]:
    """How many diagnoses, the first in words, in English and (``…_fr``) in French, with the share of the time that
    mending it gains, and that of the one that gains the most time.

    Args:
        total_s: time of all requests, in seconds, that the gain is a share of.
        unknown: why nothing can be said, None when something can.
        not_seen: what was not looked at, for the detail of the count.
    """
    first = found[0].sentence if found else NONE_FOUND
    gain = _share(found[0].saved_s, total_s) if found else 0.0
    heaviest = max(found, key=lambda d: d.saved_s, default=None)
    most = _share(heaviest.saved_s, total_s) if heaviest is not None else 0.0
    return [
        Fact(
            id="trace.diagnoses",
            value=len(found) if unknown is None else None,
            unit=Unit.COUNT,
            reason=unknown,
            detail=not_seen,
        ),
        Fact(id="trace.first_diagnosis", value=first.en if unknown is None else None, unit=Unit.TEXT, reason=unknown),
        Fact(
            id="trace.first_diagnosis_fr", value=first.fr if unknown is None else None, unit=Unit.TEXT, reason=unknown
        ),
        Fact(
            id="trace.first_diagnosis_gain",
            value=gain if unknown is None else None,
            unit=Unit.RATIO,
            reason=NO_TIME if unknown is None and gain is None else unknown,
        ),
        Fact(
            id="trace.heaviest_diagnosis",
            value=most if unknown is None else None,
            unit=Unit.RATIO,
            reason=NO_TIME if unknown is None and most is None else unknown,
            detail="" if heaviest is None or unknown is not None else heaviest.sentence.en,
        ),
    ]


def findings(found: Sequence[Diagnosis], total_s: float) -> tuple[Finding, ...]:
    """The diagnoses in their order as findings; ``total_s`` is the time of all requests that were analysed."""
    return tuple(
        Finding(
            category="diagnosis",
            rule=d.rule.value,
            severity=_severity(d, total_s),
            location=d.route,
            message=f"{d.said.en}{f' (at {d.at})' if d.at else ''}{_gain(d, total_s)}",
            remedy=d.remedy.en,
        )
        for d in found[:MOST_FINDINGS]
    )


def table(
    found: Sequence[tuple[Diagnosis, Gain | None]], route_s: dict[str, float], total_s: float, loaded: Loaded
) -> Table:
    """Everything about each diagnosis, in both languages, in their order.

    A gain of rate is between two bounds, as times the rate held and as users; None where nothing is known of it, or the
    rate does not depend on it.
    """
    more = [users(one, loaded) for _, one in found]
    return Table(
        id="trace.diagnoses",
        columns=(
            Column(name="rule"),
            Column(name="route"),
            Column(name="place"),
            Column(name="line"),
            Column(name="per_request", unit=Unit.COUNT),
            Column(name="share_of_latency", unit=Unit.RATIO),
            Column(name="gain_of_route", unit=Unit.RATIO),
            Column(name="gain_of_all", unit=Unit.RATIO),
            Column(name="rate_times_low", unit=Unit.RATIO),
            Column(name="rate_times_high", unit=Unit.RATIO),
            Column(name="users_more_low", unit=Unit.USERS),
            Column(name="users_more_high", unit=Unit.USERS),
            Column(name="said"),
            Column(name="said_fr"),
            Column(name="remedy"),
            Column(name="remedy_fr"),
        ),
        rows=tuple(
            (
                d.rule.value,
                d.route,
                d.place,
                d.at if d.at else None,
                d.per_request,
                _share(d.spent_s, route_s.get(d.route, 0.0)),
                _share(d.saved_s, route_s.get(d.route, 0.0)),
                _share(d.saved_s, total_s),
                None if one is None else one.low,
                None if one is None else one.high,
                None if users_more is None else users_more[0],
                None if users_more is None else users_more[1],
                d.said.en,
                d.said.fr,
                d.remedy.en,
                d.remedy.fr,
            )
            for (d, one), users_more in list(zip(found, more, strict=True))[:MOST_FINDINGS]
        ),
    )


def _share(part: float, whole: float) -> float | None:
    return min(1.0, part / whole) if whole > 0 else None


def _gain(diagnosis: Diagnosis, total_s: float) -> str:
    share = _share(diagnosis.saved_s, total_s)
    return f"; mending it gains {share:.0%} of the time of all requests" if share else ""


def _severity(diagnosis: Diagnosis, total_s: float) -> Severity:
    if diagnosis.rule is Rule.BROKEN_PROPAGATION:
        return Severity.LOW
    if diagnosis.rule is Rule.MEMORY_GROWTH:  # no time is lost to it until the service is killed
        return Severity.HIGH
    share = _share(diagnosis.saved_s, total_s)
    return Severity.HIGH if share is not None and share >= HEAVY_SHARE else Severity.MEDIUM
