"""The queries of a team's dashboards, read from the JSON that Grafana exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observability.operations import OperationsError

MOST_FILES = 100
MOST_QUERIES = 1_000
_OTHER_SOURCES = ("loki", "tempo", "elasticsearch", "postgres", "jaeger", "grafana", "testdata", "cloudwatch")


@dataclass(frozen=True)
class PanelQuery:
    """A PromQL query, with the panel and the file it stands in."""

    expr: str
    panel: str
    file: str


def load(path: Path) -> tuple[PanelQuery, ...]:
    """The Prometheus queries of the dashboard ``path``, or of those in that folder; queries to other sources left out.

    Raises:
        OperationsError: there is no such file, one is not JSON, or none holds a query.
    """
    files = sorted(path.rglob("*.json"))[:MOST_FILES] if path.is_dir() else [path]
    found: list[PanelQuery] = []
    for file in files:
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise OperationsError(f"{file.name}: no dashboard in JSON ({type(error).__name__})") from error
        # What the API of Grafana gives wraps the dashboard; what its export button gives does not.
        inner = document.get("dashboard", document) if isinstance(document, dict) else {}
        found += [PanelQuery(expr, title, file.name) for title, expr in _queries(inner.get("panels"))]
    if not found:
        raise OperationsError(f"{path.name}: no dashboard with a Prometheus query in there")
    return tuple(found[:MOST_QUERIES])


def _queries(panels: Any) -> Iterator[tuple[str, str]]:
    for panel in panels if isinstance(panels, list) else ():
        if not isinstance(panel, dict):
            continue
        title = str(panel.get("title", ""))
        targets = panel.get("targets")
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, dict) and isinstance(target.get("expr"), str) and not _is_elsewhere(panel, target):
                yield title, target["expr"]
        yield from _queries(panel.get("panels"))  # the panels of a row that is folded


def _is_elsewhere(panel: dict[str, Any], target: dict[str, Any]) -> bool:
    source = target.get("datasource", panel.get("datasource"))
    kind = str(source.get("type", "")) if isinstance(source, dict) else ""
    return kind.startswith(_OTHER_SOURCES)
