"""Prometheus rules made from the objectives of a project: indicators recorded, alerts with a runbook each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Any

import yaml

from observability.metrics import DURATIONS_S
from observability.operations import OperationsError
from observability.operations.burn_rate import LEAST_FAILURES, PAIRS, Burn, burns, window
from observability.operations.wording import SILENT, burning, waiting
from scorecard.evidence import Text
from scorecard.project import ProjectFile

REQUESTS = "http_server_request_duration_seconds"
"""OpenTelemetry's ``http.server.request.duration``, as Prometheus names it."""
WAITS = "db_client_connection_wait_time_seconds"
"""OpenTelemetry's ``db.client.connection.wait_time``: how long requests wait for a connection."""
FAILED = 'http_response_status_code=~"5.."'

EVALUATED_EVERY = "1m"
SLOW_SHARE = 0.05
"""Budget of a 95th percentile: five requests in a hundred may be slower, by its definition."""

WAITING_SHARE = 0.25
"""Share of the objective that may go to waiting for a connection, on average: own choice."""
SILENT_FOR, WAITING_FOR = "5m", "10m"


@dataclass(frozen=True)
class Indicator:
    """What counts as bad among requests, and how much of it the objective allows.

    ``id`` names the recorded series and the runbook; ``bad`` is a PromQL rate of bad requests over ``$window``.
    """

    id: str
    budget: float
    bad: str
    objective: Text


@dataclass(frozen=True)
class Service:
    """How Prometheus knows the service: the job it scrapes, and where each runbook is read."""

    job: str
    runbooks: str

    @property
    def selector(self) -> str:
        """Label matcher of its series."""
        return f'job="{self.job}"'

    def runbook(self, name: str) -> str:
        """Address of the runbook ``name``."""
        return f"{self.runbooks.rstrip('/')}/{name}.md"


def service_of(project: ProjectFile, runbooks: str = "runbooks") -> Service:
    """The service of ``project``: its name made into a job where ``[operations]`` gives none."""
    job = project.operations.job
    return Service(job=slug(project.project.name) if job is None else job, runbooks=runbooks)


def slug(name: str) -> str:
    """``name`` in letters, digits and dashes, as a job or a file is called."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "service"


def indicators(project: ProjectFile, service: Service) -> tuple[Indicator, ...]:
    """Failing and slow requests, with the budgets of ``[objectives]``."""
    objectives = project.objectives
    selector, bound = service.selector, bucket_bound(objectives.p95)
    every = f"sum(rate({REQUESTS}_count{{{selector}}}[$window]))"
    # A service that never failed shows no series of failures: nothing, where the answer is none.
    failed = f"(sum(rate({REQUESTS}_count{{{selector},{FAILED}}}[$window])) or 0 * {every})"
    quick = f"sum(rate({REQUESTS}_bucket{{{selector},{bucket(bound)}}}[$window]))"
    share, tail = (f"{value * 100:g}" for value in (objectives.error_rate, SLOW_SHARE))
    return (
        Indicator(
            "errors",
            objectives.error_rate,
            failed,
            Text(en=f"at most {share}% of the requests fail", fr=f"au plus {_fr(share)} % des requêtes échouent"),
        ),
        Indicator(
            "slow",
            SLOW_SHARE,
            f"({every} - {quick})",
            Text(
                en=f"at most {tail}% of the requests take more than {bound:g} s",
                fr=f"au plus {_fr(tail)} % des requêtes prennent plus de {_fr(f'{bound:g}')} s",
            ),
        ),
    )


def bucket_bound(seconds: float) -> float:
    """The histogram's boundary at ``seconds``, else the next one above: no request within the objective counts as slow.

    Raises:
        OperationsError: no boundary is that high.
    """
    found = next((bound for bound in DURATIONS_S if bound >= seconds), None)
    if found is None:
        raise OperationsError(
            f"objectives.p95 is {seconds:g} s; the histogram of the service has no boundary above {DURATIONS_S[-1]:g} s"
        )
    return found


def bucket(bound: float) -> str:
    """Matcher of the bucket up to ``bound``; a whole number is written 1 by some libraries and 1.0 by others."""
    return f'le=~"{bound:g}|{bound:.1f}"' if bound.is_integer() else f'le="{bound:g}"'


def recorded(what: str, seconds: int) -> str:
    """Name of a recorded series: level, metric, operation and window, as Prometheus' own practice has it."""
    return f"service:http_server_{what}_{window(seconds)}"


def rules(project: ProjectFile, lang: str, runbooks: str = "runbooks") -> dict[str, Any]:
    """The rule file of ``project`` as a document for YAML; annotations in ``lang``, with links to ``runbooks``.

    Raises:
        OperationsError: an objective leaves no error budget.
    """
    service = service_of(project, runbooks)
    watched = indicators(project, service)
    windows = sorted({seconds for pair in PAIRS for seconds in (pair.long_s, pair.short_s)})
    records = [
        {"record": recorded("requests:rate", w), "expr": _every(service, w), "labels": {"job": service.job}}
        for w in windows
    ]
    for one in watched:
        for w in windows:
            bad = {"record": recorded(f"{one.id}:rate", w), "expr": Template(one.bad).substitute(window=window(w))}
            ratio = f"{_of(service, one.id + ':rate', w)} / {_of(service, 'requests:rate', w)}"
            records += [
                {**bad, "labels": {"job": service.job}},
                {"record": recorded(f"{one.id}:ratio_rate", w), "expr": ratio, "labels": {"job": service.job}},
            ]
    alerts = [_burning(service, one, burn, lang) for one in watched for burn in burns(one.budget)]
    alerts += [_silent(service, lang), _waiting(service, project.objectives.p95 * WAITING_SHARE, lang)]
    # One group: its rules are evaluated in their order, so that an alert sees the indicators of the same moment.
    return {"groups": [{"name": service.job, "interval": EVALUATED_EVERY, "rules": [*records, *alerts]}]}


def as_yaml(document: Mapping[str, Any]) -> str:
    """A document as YAML that people read: in the order written, long lines kept whole."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=10_000)


def _every(service: Service, seconds: int) -> str:
    return f"sum(rate({REQUESTS}_count{{{service.selector}}}[{window(seconds)}]))"


def _of(service: Service, what: str, seconds: int) -> str:
    return f"{recorded(what, seconds)}{{{service.selector}}}"


def _burning(service: Service, indicator: Indicator, burn: Burn, lang: str) -> dict[str, Any]:
    pair = burn.pair
    limit = f"{burn.failing:.6g}"
    ratios = (f"{_of(service, indicator.id + ':ratio_rate', s)} > {limit}" for s in (pair.long_s, pair.short_s))
    enough = f"{_of(service, indicator.id + ':rate', pair.long_s)} * {pair.long_s} >= {LEAST_FAILURES}"
    summary, description = burning(indicator.id, indicator.objective, burn)
    return {
        "alert": alert_name(indicator, burn),
        "expr": " and ".join((*ratios, enough)),
        "labels": {"severity": pair.severity, "job": service.job},
        "annotations": _annotations(service, summary, description, indicator.id, lang),
    }


def alert_name(indicator: Indicator, burn: Burn) -> str:
    """Name of the alert: ErrorBudgetBurnsFast, LatencyBudgetBurnsSlowly."""
    what = {"errors": "Error", "slow": "Latency"}[indicator.id]
    how = {"fast": "Fast", "steady": "", "slow": "Slowly"}[burn.pair.name]
    return f"{what}BudgetBurns{how}"


def _silent(service: Service, lang: str) -> dict[str, Any]:
    return {
        "alert": "ServiceShowsNoMetrics",
        "expr": f"absent({REQUESTS}_count{{{service.selector}}})",
        "for": SILENT_FOR,
        "labels": {"severity": "page", "job": service.job},
        "annotations": _annotations(service, *SILENT, "no-metrics", lang),
    }


def _waiting(service: Service, limit_s: float, lang: str) -> dict[str, Any]:
    total, count = (f"sum(rate({WAITS}_{part}{{{service.selector}}}[5m]))" for part in ("sum", "count"))
    return {
        "alert": "RequestsWaitForTheDatabase",
        "expr": f"{total} / {count} > {limit_s:g}",
        "for": WAITING_FOR,
        "labels": {"severity": "ticket", "job": service.job},
        "annotations": _annotations(service, *waiting(limit_s), "database-waits", lang),
    }


def _annotations(service: Service, summary: Text, description: Text, runbook: str, lang: str) -> dict[str, str]:
    return {
        "summary": summary.in_(lang),
        "description": description.in_(lang),
        "runbook_url": service.runbook(runbook),
    }


def _fr(number: str) -> str:
    return number.replace(".", ",")
