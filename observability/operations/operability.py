"""Evidence ``operability``: can a team see that the service fails, be called, find what to do and follow one user?

The rules, dashboards and runbooks that ``[operations]`` names are tried on the metrics that the service really shows.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from random import Random, SystemRandom

from observability.operations import OperationsError, alert_rules, panels, promtool
from observability.operations.alerting import alerting
from observability.operations.expressions import metric_names, without_variables
from observability.operations.panels import PanelQuery
from observability.operations.promtool import PromtoolError, takes
from observability.operations.receipts import walk
from observability.operations.shown import Sample, ask
from observability.operations.told import (
    FACTS,
    RECEIPT,
    UNANSWERED,
    Told,
    finding,
    known,
    unknown,
)
from scorecard.evidence import Evidence, Provenance, Status, Text
from scorecard.project import OperationsSection
from scorecard.site import Site

NAME = "operability"
COLLECTOR = "observability"
SHOWN_WITHIN_S = 15.0
"""A service may show what it measured every few seconds only."""
_POLL_S = 0.5


def collect(site: Site, *, random: Random | None = None, clock: Callable[[], float] = time.monotonic) -> Evidence:
    """Evidence ``operability``; without ``[operations]`` in the project file nothing is known."""
    if site.project.operations == OperationsSection():
        return _evidence(site, Status.SKIPPED, unknown(_NOTHING_SAID, *FACTS), None)
    began = datetime.now(UTC)
    random = SystemRandom() if random is None else random
    site.progress(_FOLLOWING, 0.1, None)
    receipt = _receipt(site, random, clock)
    site.progress(_READING, 0.4, None)
    shown = _shown(site, clock)
    site.progress(_REHEARSING, 0.6, None)
    parts = (alerting(site, shown), _dashboards(site, shown), receipt)
    gaps = [part.gap for part in parts if part.gap is not None]
    told = Told(
        tuple(fact for part in parts for fact in part.facts),
        tuple(one for part in parts for one in part.findings),
        gaps[0] if gaps else None,
    )
    status = Status.COMPLETED if told.gap is None else Status.DEGRADED
    provenance = Provenance.since(
        began, tool="portance-operability", version=metadata.version("portance"), command=("operability", *_promtool())
    )
    return _evidence(site, status, told, provenance)


def _evidence(site: Site, status: Status, told: Told, provenance: Provenance | None) -> Evidence:
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=status,
        reason=told.gap,
        provenance=provenance,
        facts=told.facts,
        findings=told.findings,
    )


def _promtool() -> tuple[str, ...]:
    """The judge of the rules and its version, as evidence names them; nothing where it is not installed."""
    try:
        return (promtool.PROGRAM, promtool.version())
    except PromtoolError:
        return ()


def _receipt(site: Site, random: Random, clock: Callable[[], float]) -> Told:
    if site.url is None:
        return unknown(_NO_SERVICE, RECEIPT)
    way = walk(site, random, site.run / "raw" / "service" / "service.log", clock)
    if way.leads is None:
        return unknown(_NO_SERVICE if way.reason is None else way.reason, RECEIPT)
    return Told((known(RECEIPT, way.leads, way.detail),))


def _shown(site: Site, clock: Callable[[], float]) -> tuple[Sample, ...] | Text:
    """The metrics of the service once they tell of requests, else why there are none."""
    url = metrics_url(site)
    if isinstance(url, Text):
        return url
    until = clock() + SHOWN_WITHIN_S
    while True:
        try:
            shown = ask(url)
            if clock() > until or any(sample.kind == "histogram" for sample in shown):
                return shown
        except OperationsError as error:
            if clock() > until:
                return Text(
                    en=f"the metrics of the service could not be read: {error}",
                    fr=f"les mesures du service n’ont pas pu être lues : {error}",
                )
        time.sleep(_POLL_S)


def metrics_url(site: Site) -> str | Text:
    """Where the service shows its metrics, else why that is not known."""
    said = site.project.operations.metrics
    if site.metrics is not None:
        return site.metrics
    if said is None:
        return _NO_METRICS
    if "{metrics_port}" in said:
        return _NO_PORT
    if said.startswith("/"):
        return _NO_SERVICE if site.url is None else site.url.rstrip("/") + said
    return said


def _dashboards(site: Site, shown: Sequence[Sample] | Text) -> Told:
    path = site.project.operations.dashboards
    if path is None:
        return unknown(_NO_DASHBOARD, UNANSWERED)
    try:
        queries = panels.load(site.path(path))
    except OperationsError as error:
        return unknown(_unusable(str(error)), UNANSWERED)
    if isinstance(shown, Text):
        return unknown(shown, UNANSWERED)
    try:
        wrong = _unanswered(site, queries, frozenset(sample.name for sample in shown))
    except PromtoolError as error:
        return unknown(error.text, UNANSWERED)
    findings = tuple(
        finding(
            "dashboard-query-unanswered",
            f"{query.file}:{query.panel}",
            f"The panel {query.panel!r} stays empty: {why}.",
            "Query a metric that the service shows, or list in operations.other_metrics what something else shows.",
        )
        for query, why in wrong
    )
    return Told((known(UNANSWERED, len(wrong), f"{len(wrong)}/{len(queries)}"),), findings)


def _unanswered(site: Site, queries: Sequence[PanelQuery], shown: frozenset[str]) -> list[tuple[PanelQuery, str]]:
    """The queries that Prometheus does not take, or that read what neither the service nor its rules show."""
    recorded = _recorded(site)
    others = ("up", "scrape_", "ALERTS", *site.project.operations.other_metrics)
    plain = [without_variables(query.expr) for query in queries]
    with tempfile.TemporaryDirectory(prefix="portance-") as folder:
        taken = takes(plain, Path(folder))
    wrong: list[tuple[PanelQuery, str]] = []
    for query, text, is_taken in zip(queries, plain, taken, strict=True):
        missing = sorted(name for name in metric_names(text) - shown - recorded if not name.startswith(others))
        if not is_taken:
            wrong.append((query, "Prometheus does not take its query"))
        elif missing:
            wrong.append((query, f"nobody shows {', '.join(missing)}"))
    return wrong


def _recorded(site: Site) -> frozenset[str]:
    path = site.project.operations.rules
    if path is None:
        return frozenset()
    try:
        return frozenset(alert_rules.load(site.path(path)).recorded)
    except OperationsError:
        return frozenset()


def _unusable(why: str) -> Text:
    return Text(
        en=f"the dashboards cannot be used: {why}", fr=f"les tableaux de bord ne peuvent pas être utilisés : {why}"
    )


_FOLLOWING = Text(en="From a receipt to its trace", fr="D’un accusé de réception à sa trace")
_READING = Text(en="Reading the metrics", fr="Lecture des mesures")
_REHEARSING = Text(en="Rehearsing the alerts", fr="Répétition des alertes")
_NOTHING_SAID = Text(
    en="portance.toml has no [operations]: say there where the alert rules, dashboards and runbooks are "
    "(portance operations writes some)",
    fr="portance.toml n’a pas de section [operations] : y indiquer où sont règles d’alerte, tableaux de bord et "
    "procédures (portance operations en écrit)",
)
_NO_SERVICE = Text(en="no service runs to be asked", fr="aucun service ne tourne à qui demander")
_NO_METRICS = Text(
    en="operations.metrics in portance.toml does not say where the service shows its metrics",
    fr="operations.metrics, dans portance.toml, n’indique pas où le service montre ses mesures",
)
_NO_PORT = Text(
    en="operations.metrics has {metrics_port}, which only a service that the run starts is given",
    fr="operations.metrics contient {metrics_port}, que seul reçoit un service lancé par l’évaluation",
)
_NO_DASHBOARD = Text(
    en="operations.dashboards in portance.toml names no dashboard",
    fr="operations.dashboards, dans portance.toml, ne nomme aucun tableau de bord",
)
