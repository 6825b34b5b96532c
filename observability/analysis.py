"""The evidence "traces": did the load arrive with its traces, how much SQL does a request need, where does time go?"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from observability import breakdown, grown, joined, loaded, memory
from observability.diagnosis import Diagnosis, Seen, diagnose, gain, growth, indexes, told, waiting
from observability.diagnosis.group import MIN_REQUESTS, grouped
from observability.received import Received
from observability.requests import Request, assemble
from observability.routes import Route, by_route
from observability.routes import table as routes_table
from observability.sent import FILE_NAME, Sent, read_sent
from observability.spans import Work
from scorecard.evidence import Evidence, Fact, Machine, Provenance, Status, Text, Unit
from scorecard.site import Site

NO_SPAN = Text(
    en="no span arrived: the service exports none to OTEL_EXPORTER_OTLP_ENDPOINT",
    fr="aucune trace reçue : le service n’en envoie pas à l’adresse OTEL_EXPORTER_OTLP_ENDPOINT",
)
NO_REQUEST = Text(
    en="spans arrived, but none of a request served (kind SERVER)",
    fr="des traces ont été reçues, mais aucune d’une requête servie (type SERVER)",
)
NO_SENT = Text(
    en="the load generator sent no request with a trace of its own, so none could be looked for",
    fr="le générateur de charge n’a envoyé aucune requête portant sa propre trace : rien à rechercher",
)
NONE_ANSWERED = Text(
    en="no sampled request had a good answer, so none had to leave a trace",
    fr="aucune requête échantillonnée n’a reçu de réponse correcte : aucune ne devait laisser de trace",
)
RECEIVER_FULL = Text(
    en="the receiver was full and refused spans, so a missing trace proves nothing",
    fr="le récepteur, plein, a refusé des traces : une trace absente ne prouve rien",
)
NO_SQL = Text(
    en="no SQL span arrived, and the service does not say that it traces its SQL: there may be none, or none traced",
    fr="aucune trace de requête SQL reçue, et le service n’indique pas les tracer : absentes ou simplement non tracées",
)
NO_REMOTE = Text(
    en="no outgoing call arrived, and the service does not say that it traces them: there may be none, or none traced",
    fr="aucun appel sortant reçu, et le service n’indique pas les tracer : absents ou simplement non tracés",
)


def collect(site: Site, received: Received) -> Evidence:
    """State what the spans of a run show; what they cannot show is unknown, with the reason.

    Only requests the load generator sampled are analysed where it sampled any that arrived; else every request traced.
    """
    started = datetime.now(UTC)
    sent = received.due(read_sent(site.raw("load") / FILE_NAME))
    assembly = assemble(received.spans)
    requests = _of_the_load(assembly.requests, sent)
    routes = by_route(requests)
    both_sides = joined.join(requests, sent)
    load = loaded.read(site.run)
    seen = Seen(
        everything=assembly.requests,
        sent=sent,
        handed=assembly.handed,
        taken=assembly.taken,
        samples=memory.read(site.raw(memory.FOLDER) / memory.FILE_NAME),
        cores_used=load.cores_used,
        used_up=load.used_up,
    )
    total_s = sum(request.duration for request in requests if not request.nested)
    diagnosed = diagnose(requests, seen, objective_s=site.project.objectives.p95)
    advised = indexes.advised(diagnosed, site.project.target.database, os.environ)
    gains = gain.by_gain(advised.found, gain.Whole(len(requests), total_s), load, _cores(site))
    found = [diagnosis for diagnosis, _ in gains]
    parts = breakdown.parts(requests, load)
    visits = {} if sent is None or joined.clock_difference(both_sides) else sent.visits
    with_data = grown.statements(assembly.requests, site.run / "raw" / "growth")
    status, reason = _status(received, sent)
    return Evidence(
        name="traces",
        collector="observability",
        project=site.project.project.name,
        status=status,
        reason=reason,
        provenance=Provenance.since(started, tool="portance observability", version=version("portance")),
        facts=(
            _arrived(received, assembly.requests, sent),
            *_sql_facts(received, requests, routes, assembly.kinds),
            *_share_facts(received, requests, assembly.kinds),
            _slowest(received, routes),
            *_diagnosis_facts(received, requests, found, total_s, assembly.kinds, load.cores_used, advised.unasked),
            growth.fact(grouped(requests), _nothing_served(received, requests)),
            grown.fact(with_data),
            *joined.facts(both_sides, received, _nothing_served(received, requests)),
            Fact(id="trace.requests", value=len(requests), unit=Unit.COUNT),
            Fact(id="trace.spans", value=len(received.spans), unit=Unit.COUNT),
            Fact(id="trace.spans_dropped", value=received.dropped, unit=Unit.COUNT),
            Fact(id="trace.spans_doubled", value=assembly.duplicates, unit=Unit.COUNT),
            Fact(id="trace.spans_orphaned", value=assembly.orphans, unit=Unit.COUNT),
            Fact(id="trace.spans_skewed", value=assembly.skewed, unit=Unit.COUNT),
        ),
        findings=told.findings(found, total_s),
        tables=(
            routes_table(routes),
            breakdown.table(parts, visits, found),
            breakdown.calls(parts),
            breakdown.example(parts),
            joined.table(both_sides, sent),
            *grown.tables(with_data),
            told.table(gains, {route.name: route.total for route in routes}, total_s, load),
        ),
    )


def _cores(site: Site) -> int | None:
    """Cores that the processes of the service can use at once; None where it is not this run that started them."""
    if site.project.target.start is None:
        return None
    return min(site.project.target.workers, Machine.here().cores)


def _of_the_load(requests: Sequence[Request], sent: Sent | None) -> list[Request]:
    if sent is not None:
        of_the_load = [request for request in requests if request.trace_id in sent.traces]
        if of_the_load:
            return of_the_load
    return list(requests)


def _arrived(received: Received, requests: Sequence[Request], sent: Sent | None) -> Fact:
    def unknown(reason: Text) -> Fact:
        return Fact(id="trace.arrived_share", value=None, unit=Unit.RATIO, reason=reason)

    if sent is None or not sent.traces:
        return unknown(NO_SENT)
    if not received.spans:
        return unknown(NO_SPAN)
    if not sent.answered:
        return unknown(NONE_ANSWERED)
    if received.dropped:
        return unknown(RECEIVER_FULL)
    arrived = len(sent.answered & {request.trace_id for request in requests})
    return Fact(
        id="trace.arrived_share",
        value=arrived / len(sent.answered),
        unit=Unit.RATIO,
        detail=f"{arrived} / {len(sent.answered)}"
        + (f", of the {received.share_read:.0%} of the traces that were read" if received.share_read < 1 else ""),
    )


def _sql_facts(
    received: Received, requests: Sequence[Request], routes: Sequence[Route], kinds: frozenset[Work]
) -> list[Fact]:
    reason = _nothing_served(received, requests)
    if reason is None and not _is_known("sql", Work.SQL, requests, kinds):
        reason = NO_SQL
    if reason is not None:
        return [Fact(id="trace.sql_per_request_max", value=None, unit=Unit.COUNT, reason=reason)]
    worst = max(routes, key=lambda route: route.sql_p95)
    detail = f"{worst.name} (p95, n = {worst.requests})" if worst.sql_p95 else ""
    if worst.statements:
        text, times = next(iter(worst.statements.items()))
        detail += f"; {times:.1f} × {text[:200]}"
    return [Fact(id="trace.sql_per_request_max", value=worst.sql_p95, unit=Unit.COUNT, detail=detail)]


def _share_facts(received: Received, requests: Sequence[Request], kinds: frozenset[Work]) -> list[Fact]:
    entries = [request for request in requests if not request.nested]
    total = sum(request.duration for request in entries)
    nothing = _nothing_served(received, entries)
    if nothing is None and total <= 0:
        nothing = told.NO_TIME
    sql = sum(request.sql for request in entries)
    remote = sum(request.remote for request in entries)
    sql_known = _is_known("sql", Work.SQL, requests, kinds)
    remote_known = _is_known("http", Work.REMOTE, requests, kinds)

    def share(name: str, seconds: float, reason: Text | None, detail: str = "") -> Fact:
        why = nothing if nothing is not None else reason
        value = min(1.0, max(0.0, seconds / total)) if why is None else None
        return Fact(id=f"trace.share_{name}", value=value, unit=Unit.RATIO, reason=why, detail=detail)

    return [
        share("sql", sql, None if sql_known else NO_SQL),
        share("remote", remote, None if remote_known else NO_REMOTE),
        # What is not traced looks like the application's own time: with SQL untraced the rest says nothing.
        share(
            "application",
            total - sql - remote,
            None if sql_known else NO_SQL,
            "" if remote_known else "with outgoing calls, if any, which are not traced",
        ),
    ]


def _is_known(kind: str, work: Work, requests: Sequence[Request], kinds: frozenset[Work]) -> bool:
    """Whether calls of this kind are traced: one was seen, or every service says that it traces them."""
    return work in kinds or (bool(requests) and all(kind in request.instrumented for request in requests))


def _slowest(received: Received, routes: Sequence[Route]) -> Fact:
    reason = _nothing_served(received, routes)
    if reason is not None:
        return Fact(id="trace.slowest_route", value=None, unit=Unit.TEXT, reason=reason)
    slowest = max(routes, key=lambda route: route.p95)
    return Fact(
        id="trace.slowest_route",
        value=slowest.name,
        unit=Unit.TEXT,
        detail=f"p95 {slowest.p95:.3f} s (n = {slowest.requests})",
    )


def _diagnosis_facts(
    received: Received,
    requests: Sequence[Request],
    found: Sequence[Diagnosis],
    total_s: float,
    kinds: frozenset[Work],
    cores_used: float | None,
    plans_unasked: Text | None,
) -> list[Fact]:
    unseen = [
        reason
        for reason, known in (
            (NO_SQL, _is_known("sql", Work.SQL, requests, kinds)),
            (NO_REMOTE, _is_known("http", Work.REMOTE, requests, kinds)),
        )
        if not known
    ]
    unknown = _nothing_served(received, requests)
    if unknown is None and not found:
        often = Counter(request.route for request in requests)
        if max(often.values()) < MIN_REQUESTS:
            unknown = told.TOO_FEW
        elif unseen:  # to have found nothing where half of it is dark is not to have found that there is nothing
            unknown = unseen[0]
    not_seen = [reason.en for reason in unseen]
    if not waiting.is_free(cores_used):
        not_seen.append(told.NOT_FREE)
    if plans_unasked is not None:
        not_seen.append(plans_unasked.en)
    return told.facts(found, total_s, unknown, "; ".join(not_seen))


def _nothing_served(received: Received, served: Sequence[object]) -> Text | None:
    if not received.spans:
        return NO_SPAN
    return None if served else NO_REQUEST


def _status(received: Received, sent: Sent | None) -> tuple[Status, Text | None]:
    if not received.spans:
        return Status.DEGRADED, NO_SPAN
    unread = [
        (received.dropped, "spans refused, the receiver was full", "traces refusées, récepteur plein"),
        (received.malformed_bodies, "messages malformed", "messages mal formés"),
        (received.malformed_spans, "spans without valid ids", "traces sans identifiant valide"),
        (
            0 if sent is None else sent.malformed,
            f"lines of {FILE_NAME} unreadable",
            f"lignes illisibles de {FILE_NAME}",
        ),
    ]
    said = [(number, en, fr) for number, en, fr in unread if number]
    if not said:
        return Status.COMPLETED, None
    return Status.DEGRADED, Text(
        en="not all could be read: " + ", ".join(f"{number} {en}" for number, en, _ in said),
        fr="tout n’a pu être lu : " + ", ".join(f"{number} {fr}" for number, _, fr in said),
    )
