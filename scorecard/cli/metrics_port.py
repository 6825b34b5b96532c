"""The port on which a run has the service show its metrics, by OpenTelemetry's standard variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scorecard.cli.service import free_port
from scorecard.project import ProjectFile

PLACEHOLDER = "{metrics_port}"


@dataclass(frozen=True)
class MetricsPort:
    """Where the metrics will be shown, and the variables that ask the service for it; nothing where it is not asked."""

    address: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def metrics_port(project: ProjectFile) -> MetricsPort:
    """A free port for the ``{metrics_port}`` of ``operations.metrics``, where the run starts the service.

    A service is asked for it only where its project file says so: one that does not know the variables may refuse to
    start with them.
    """
    said = project.operations.metrics
    if said is None or PLACEHOLDER not in said or project.target.start is None:
        return MetricsPort()
    port = str(free_port())
    return MetricsPort(
        said.replace(PLACEHOLDER, port),
        {
            "OTEL_METRICS_EXPORTER": "otlp,prometheus",
            "OTEL_EXPORTER_PROMETHEUS_HOST": "127.0.0.1",
            "OTEL_EXPORTER_PROMETHEUS_PORT": port,
        },
    )
