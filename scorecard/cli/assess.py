"""One assessment from the project file to the evidence: the service is started, looked at, stopped."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib import metadata

import httpx

import observability.analysis
import security.traced_values
from observability import memory
from observability.receiver import Receiver
from scorecard import evidence
from scorecard.cli.copies import copies
from scorecard.cli.criteria_folders import criteria_of, kept
from scorecard.cli.metrics_port import metrics_port
from scorecard.cli.progress import Reporter, Stage
from scorecard.cli.runs import Run
from scorecard.cli.service import Service, ServiceError, running
from scorecard.cli.side_by_side import Aside, aside, cores, side_by_side
from scorecard.cli.stages import Collector, selected, stage
from scorecard.declarations import declared
from scorecard.evidence import Evidence, Fact, Provenance, Status, Text, Unit
from scorecard.site import Progress, Site

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors of a disk that will not take the next evidence either: the run ends there."""


@dataclass(frozen=True)
class Plan:
    """What a run will look at."""

    collectors: tuple[Collector, ...]
    traces: bool
    asked: frozenset[str] = frozenset()

    @property
    def live(self) -> tuple[Collector, ...]:
        """The collectors that need the service."""
        return tuple(c for c in self.collectors if c.live)

    @property
    def needs_service(self) -> bool:
        """Whether the service must run."""
        return bool(self.live) or self.traces


def plan(only: Collection[str]) -> Plan:
    """What ``--only`` leaves of a run; everything when it is empty. Traces need the load that makes them."""
    chosen = selected(only)
    return Plan(chosen, traces=not only or bool({"traces", "observability"} & set(only)), asked=frozenset(only))


def stages(chosen: Plan, site: Site) -> list[Stage]:
    """The stages of ``chosen`` in the order they run."""
    names = [c.id for c in chosen.collectors if not c.live]
    if chosen.needs_service:
        middle = ["traces", security.traced_values.NAME] if chosen.traces else []
        names = ["service", *(c.id for c in chosen.live), "stop", *middle, *names]
    return [stage(name, site.profile) for name in [*names, "declarations", "grading"]]


def collect(site: Site, run: Run, chosen: Plan, reporter: Reporter) -> list[Text]:
    """Write the evidence of ``chosen`` into ``run`` as each collector ends; returns what went wrong with the service.

    Raises:
        OSError: the run folder cannot be written (a full disk); the evidence so far is kept.
    """
    troubles: list[Text] = []

    def ask(collector: Collector, progress: Progress) -> Evidence:
        found = _ask(collector, replace(site, progress=progress, asked=collector.id in chosen.asked))
        evidence.write(found, run.evidence_folder)
        return found

    offline = [one for one in chosen.collectors if not one.live]
    beside_the_service = cores() - 1 if chosen.live else None  # which keeps a core, with who looks at it
    with aside([one for one in offline if one.shares], ask, workers=beside_the_service) as others:
        if chosen.needs_service:
            troubles = _collect_live(site, run, chosen, reporter, others)
        others.tell(reporter)
    side_by_side([one for one in offline if not one.shares], ask, reporter)
    reporter.begin("declarations")
    _keep(declared(site.project, criteria_of(kept(run))), run, reporter)
    return troubles


def _collect_live(site: Site, run: Run, chosen: Plan, reporter: Reporter, others: Aside) -> list[Text]:
    if not chosen.traces:
        return _visit(site, run, chosen, reporter, {}, others)
    with Receiver(run.folder) as receiver:
        troubles = _visit(site, run, chosen, reporter, {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}, others)
        reporter.begin("traces")
        _keep(observability.analysis.collect(site, receiver.received()), run, reporter)
        reporter.begin(security.traced_values.NAME)
        read = partial(security.traced_values.collect, texts=receiver.texts())
        _keep(_ask(Collector(security.traced_values.NAME, "security", False, read), site), run, reporter)
    return troubles


def _visit(
    site: Site, run: Run, chosen: Plan, reporter: Reporter, environment: Mapping[str, str], others: Aside
) -> list[Text]:
    """Start the service, let every live collector look at it, stop it; returns what went wrong with it.

    ``others`` work meanwhile once nothing is left that measures times: the last of these is the end of the service.
    """
    began = datetime.now(UTC)
    facts: list[Fact] = []
    troubles: list[Text] = []
    metrics = metrics_port(site.project)
    environment = {**environment, **metrics.environment}
    reporter.begin("service")
    try:
        with (
            running(site.project, site.root, site.raw("service") / "service.log", extra_env=environment) as service,
            memory.watched(service.pids(), site.raw(memory.FOLDER) / memory.FILE_NAME),
        ):
            facts.extend(_start_facts(service, site))
            for at, collector in enumerate(chosen.live):
                if cores() > 1 and all(one.shares for one in chosen.live[at:]):
                    others.begin()
                here = replace(
                    site,
                    url=service.url,
                    server_pids=service.pids(),
                    metrics=metrics.address,
                    start_copy=copies(site, environment),
                    asked=collector.id in chosen.asked,
                )
                reporter.begin(collector.id)
                _keep(_ask(collector, replace(here, progress=reporter.update)), run, reporter)
                if (died := service.died()) is not None:
                    troubles.append(died)
                    break
            reporter.begin("stop")
            others.wait()
        facts.extend(_stop_facts(service))
    except ServiceError as error:
        troubles.append(error.text)
    _keep(_service_evidence(site, began, facts, troubles), run, reporter)
    for collector in chosen.live:
        if troubles and not (run.evidence_folder / f"{collector.id}.json").exists():
            evidence.write(_not_observed(collector.id, site, troubles[0]), run.evidence_folder)
    return troubles


def _ask(collector: Collector, site: Site) -> Evidence:
    try:
        return collector.collect(site)
    except Exception as error:  # a collector that fails must not cost the others their evidence
        if getattr(error, "errno", None) in _NO_ROOM or "PORTANCE_DEBUG" in os.environ:
            raise
        return _not_observed(
            collector.id,
            site,
            Text(
                en=f"the collector {collector.id!r} failed: {type(error).__name__}: {error}",
                fr=f"le collecteur « {collector.id} » a échoué : {type(error).__name__} : {error}",
            ),
        )


def _keep(found: Evidence, run: Run, reporter: Reporter) -> None:
    evidence.write(found, run.evidence_folder)
    reporter.end(found)


def _not_observed(name: str, site: Site, reason: Text) -> Evidence:
    return evidence.broken(name, site.project.project.name, reason)


def _start_facts(service: Service, site: Site) -> list[Fact]:
    facts = []
    if service.started_in is not None:
        facts.append(Fact(id="service.started_in", value=round(service.started_in, 3), unit=Unit.SECOND))
    if site.project.target.openapi is not None:
        facts.append(_openapi_fact(service.url, site.project.target.openapi))
    return facts


def _openapi_fact(url: str, path: str) -> Fact:
    try:
        answer = httpx.get(url + path, timeout=5.0, trust_env=False)
        document = answer.json()
        published = answer.is_success and isinstance(document, dict) and bool(document.get("paths"))
        return Fact(id="service.openapi", value=published, unit=Unit.YES_NO, detail=path)
    except (httpx.HTTPError, ValueError) as error:
        reason = Text(
            en=f"the OpenAPI document could not be read at {path}: {error}",
            fr=f"le document OpenAPI n’a pas pu être lu à {path} : {error}",
        )
        return Fact(id="service.openapi", value=None, unit=Unit.YES_NO, reason=reason)


def _stop_facts(service: Service) -> list[Fact]:
    if service.stopped_in is None or service.stopped_gracefully is None:
        return []
    return [
        Fact(id="service.stopped_gracefully", value=service.stopped_gracefully, unit=Unit.YES_NO),
        Fact(id="service.stopped_in", value=round(service.stopped_in, 3), unit=Unit.SECOND),
    ]


def _service_evidence(site: Site, began: datetime, facts: list[Fact], troubles: list[Text]) -> Evidence:
    command = site.project.target.start
    return Evidence(
        name="service",
        collector="scorecard",
        project=site.project.project.name,
        status=Status.DEGRADED if troubles else Status.COMPLETED,
        reason=troubles[0] if troubles else None,
        provenance=Provenance.since(
            began,
            tool="portance",
            version=metadata.version("portance"),
            command=() if command is None else command.split(),
        ),
        facts=tuple(facts),
    )
