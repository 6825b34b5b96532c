"""The Grafana dashboard of a service: what people meet, what it costs, what waits, what is left of the error budget.

Each query names what it reads and whether it has an answer while all is well; a test runs them all in a real Prometheus
on the reference service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from observability.operations.burn_rate import DAY_S, HOUR_S, MINUTE_S
from observability.operations.rules import FAILED, REQUESTS, WAITS, Service, indicators, recorded, service_of
from scorecard.evidence import Text
from scorecard.project import ProjectFile

SCHEMA_VERSION = 39
"""Of Grafana 11; later versions migrate it when they read it."""
COLUMNS, WIDTH, HEIGHT = 24, 8, 8

Unit = Literal["reqps", "percentunit", "s", "bytes", "short"]


@dataclass(frozen=True)
class Query:
    """A PromQL query and the legend of its lines."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """A drawing: what it shows, in which unit, why one looks at it."""

    title: Text
    unit: Unit
    about: Text
    queries: tuple[Query, ...]
    limit: float | None = None


def dashboard(project: ProjectFile, lang: str) -> dict[str, Any]:
    """The dashboard of ``project`` as Grafana reads it, in ``lang``; its readers choose among their Prometheus.

    Raises:
        OperationsError: an objective leaves no error budget.
    """
    service = service_of(project)
    title = project.project.name
    return {
        "uid": service.job[:40],
        "title": title,
        "tags": ["portance"],
        "timezone": "browser",
        "editable": True,
        "schemaVersion": SCHEMA_VERSION,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [_SOURCES]},
        "annotations": {"list": [_alerts(service)]},
        "panels": [_drawn(panel, number, lang) for number, panel in enumerate(panels(project, service))],
    }


def panels(project: ProjectFile, service: Service) -> tuple[Panel, ...]:
    """The drawings, those that people feel first."""
    return (*_felt(project, service), *_budget(project, service), *_inside(service))


def _felt(project: ProjectFile, service: Service) -> tuple[Panel, ...]:
    job, window = service.selector, "[$__rate_interval]"
    count = f"rate({REQUESTS}_count{{{job}}}{window})"
    failed = f"sum(rate({REQUESTS}_count{{{job},{FAILED}}}{window}))"
    buckets = f"sum by (le) (rate({REQUESTS}_bucket{{{job}}}{window}))"
    by_route = f"sum by (le, http_route) (rate({REQUESTS}_bucket{{{job}}}{window}))"
    return (
        Panel(
            Text(en="Requests", fr="Requêtes"),
            "reqps",
            Text(en="What arrives, by status.", fr="Ce qui arrive, par code de réponse."),
            (Query(f"sum by (http_response_status_code) ({count})", "{{http_response_status_code}}"),),
        ),
        Panel(
            Text(en="Requests that fail", fr="Requêtes qui échouent"),
            "percentunit",
            Text(
                en="Share answered with 5xx; the line is the objective.",
                fr="Part de réponses 5xx ; la ligne : l’objectif.",
            ),
            (Query(f"({failed} or 0 * sum({count})) / sum({count})", "5xx"),),
            project.objectives.error_rate,
        ),
        Panel(
            Text(en="How long people wait", fr="Combien de temps on attend"),
            "s",
            Text(
                en="Half, 95 and 99 in a hundred requests are quicker; the line is the objective of the 95.",
                fr="La moitié, 95 et 99 requêtes sur cent sont plus rapides ; la ligne : l’objectif des 95.",
            ),
            tuple(
                Query(f"histogram_quantile({q}, {buckets})", f"p{float(q) * 100:g}") for q in ("0.5", "0.95", "0.99")
            ),
            project.objectives.p95,
        ),
        Panel(
            Text(en="The slowest routes", fr="Les routes les plus lentes"),
            "s",
            Text(en="95th percentile of the five slowest.", fr="95e centile des cinq plus lentes."),
            (Query(f"topk(5, histogram_quantile(0.95, {by_route}))", "{{http_route}}"),),
        ),
        Panel(
            Text(en="What people get done", fr="Ce que les usagers accomplissent"),
            "reqps",
            Text(
                en="Business events: a service that answers while nobody files any more is broken all the same.",
                fr="Événements métier : un service qui répond alors que plus personne ne dépose est en panne aussi.",
            ),
            (Query(f"sum by (event_name) (rate(business_events_total{{{job}}}{window}))", "{{event_name}}"),),
        ),
    )


def _budget(project: ProjectFile, service: Service) -> tuple[Panel, ...]:
    def burn(indicator: str, budget: float, seconds: int) -> str:
        return f"{recorded(indicator + ':ratio_rate', seconds)}{{{service.selector}}} / {budget:g}"

    titles = {
        "errors": Text(en="Error budget: how fast it goes", fr="Marge d’erreur : à quelle vitesse elle part"),
        "slow": Text(en="Latency budget: how fast it goes", fr="Marge de lenteur : à quelle vitesse elle part"),
    }
    windows = {"5 min": 5 * MINUTE_S, "1 h": HOUR_S, "6 h": 6 * HOUR_S, "3 d": 3 * DAY_S}
    return tuple(
        Panel(
            titles[one.id],
            "short",
            Text(
                en="Times too fast: at 1 it lasts 30 days exactly, at 14.4 somebody is called.",
                fr="Fois trop vite : à 1, elle dure 30 jours tout juste ; à 14,4, on appelle quelqu’un.",
            ),
            tuple(Query(burn(one.id, one.budget, seconds), name) for name, seconds in windows.items()),
            1.0,
        )
        for one in indicators(project, service)
    )


def _inside(service: Service) -> tuple[Panel, ...]:
    job, window = service.selector, "[$__rate_interval]"

    def late(metric: str, by: str) -> str:
        grouped = f"le, {by}" if by else "le"
        return f"histogram_quantile(0.95, sum by ({grouped}) (rate({metric}_bucket{{{job}}}{window})))"

    pool = "db_client_connection_pool_name"
    return (
        Panel(
            Text(en="Requests being served", fr="Requêtes en cours"),
            "short",
            Text(en="Grows without end when the service saturates.", fr="Croît sans fin quand le service sature."),
            (Query(f"sum(http_server_active_requests{{{job}}})", "HTTP"),),
        ),
        Panel(
            Text(en="Waiting for the database", fr="Attente de la base"),
            "s",
            Text(
                en="95th percentile of the wait for a connection, and of how long one is kept.",
                fr="95e centile de l’attente d’une connexion, et de la durée où l’on en garde une.",
            ),
            (
                Query(late(WAITS, pool), "{{db_client_connection_pool_name}}"),
                Query(late("db_client_connection_use_time_seconds", pool), "{{db_client_connection_pool_name}} (use)"),
            ),
        ),
        Panel(
            Text(en="Connections", fr="Connexions"),
            "short",
            Text(en="In use, idle, at most, and asked for in vain.", fr="Prises, libres, au plus, et attendues."),
            (
                Query(
                    f"sum by (db_client_connection_state) (db_client_connection_count{{{job}}})",
                    "{{db_client_connection_state}}",
                ),
                Query(f"sum(db_client_connection_max{{{job}}})", "max"),
                Query(f"sum(db_client_connection_pending_requests{{{job}}})", "pending"),
            ),
        ),
        Panel(
            Text(en="Waiting in queues", fr="Attente dans les files"),
            "s",
            Text(en="95th percentile, by queue.", fr="95e centile, par file."),
            (Query(late("queue_delay_seconds", "queue_name"), "{{queue_name}}"),),
        ),
        Panel(
            Text(en="Event loop", fr="Boucle d’événements"),
            "s",
            Text(
                en="How late it comes back: above some tens of milliseconds, something blocks it.",
                fr="Son retard : au-delà de quelques dizaines de millisecondes, quelque chose la bloque.",
            ),
            (Query(late("asyncio_event_loop_delay_seconds", ""), "p95"),),
        ),
        Panel(
            Text(en="Processor", fr="Processeur"),
            "short",
            Text(en="Cores kept busy.", fr="Cœurs occupés."),
            (Query(f"sum by (cpu_mode) (rate(process_cpu_time_seconds_total{{{job}}}{window}))", "{{cpu_mode}}"),),
        ),
        Panel(
            Text(en="Memory", fr="Mémoire"),
            "bytes",
            Text(en="Of all the processes of the service.", fr="De tous les processus du service."),
            (Query(f"sum(process_memory_usage_bytes{{{job}}})", "RSS"),),
        ),
    )


def _alerts(service: Service) -> dict[str, Any]:
    """Vertical lines where an alert fired."""
    return {
        "name": "Alerts",
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": f'ALERTS{{{service.selector},alertstate="firing"}}',
        "titleFormat": "{{alertname}}",
    }


def _drawn(panel: Panel, number: int, lang: str) -> dict[str, Any]:
    across = COLUMNS // WIDTH
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title.in_(lang),
        "description": panel.about.in_(lang),
        "datasource": _SOURCE,
        "gridPos": {"x": number % across * WIDTH, "y": number // across * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": {"thresholdsStyle": {"mode": "off" if panel.limit is None else "line"}},
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + i), "datasource": _SOURCE, "expr": query.expr, "legendFormat": query.legend}
            for i, query in enumerate(panel.queries)
        ],
    }


# A variable, so that the file can be imported by hand and provisioned alike.
_SOURCES = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
_SOURCE = {"type": "prometheus", "uid": "${source}"}
