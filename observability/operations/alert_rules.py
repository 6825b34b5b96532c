"""The rules of a team, read from its files: plain Prometheus rule files, or the PrometheusRule of its operator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from observability.operations import OperationsError
from observability.operations.expressions import metric_names

MOST_FILES = 200
_DURATION = re.compile(r"(\d+)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}


@dataclass(frozen=True)
class Alert:
    """An alerting rule: its name, expression, how long it must hold (seconds), where its runbook is said to be."""

    name: str
    expr: str
    for_s: float
    runbook: str | None
    file: str


@dataclass(frozen=True)
class RuleSet:
    """Groups of rules as Prometheus takes them, with the alerts and the recorded series among them."""

    groups: tuple[Mapping[str, Any], ...]
    alerts: tuple[Alert, ...]
    recorded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def reads(self, expression: str) -> frozenset[str]:
        """Series that ``expression`` reads in the end: what is recorded stands for what it was recorded from."""
        found: set[str] = set()
        seen: set[str] = set()
        todo = set(metric_names(expression))
        while todo:
            name = todo.pop()
            seen.add(name)
            if name in self.recorded:
                todo |= {n for expr in self.recorded[name] for n in metric_names(expr)} - seen
            else:
                found.add(name)
        return frozenset(found)


def load(path: Path) -> RuleSet:
    """The rules in the file ``path``, or in the YAML files of that folder that hold some.

    Raises:
        OperationsError: there is no such file, one is not YAML, or none holds a rule.
    """
    groups: list[Mapping[str, Any]] = []
    alerts: list[Alert] = []
    recorded: dict[str, tuple[str, ...]] = {}
    for file in _files(path):
        for number, group in enumerate(_groups(file)):
            # Two files may use one name for a group; one file may not.
            groups.append({**group, "name": f"{file.name}:{number}:{group.get('name', '')}"})
            for rule in rules_of(group):
                if "alert" in rule:
                    alerts.append(_alert(rule, file.name))
                elif "record" in rule:
                    name = str(rule["record"])
                    recorded[name] = (*recorded.get(name, ()), str(rule.get("expr", "")))
    if not groups:
        raise OperationsError(f"{path.name}: no group of Prometheus rules in there")
    return RuleSet(tuple(groups), tuple(alerts), recorded)


def rules_of(group: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rules of a group; what is none is passed over."""
    rules = group.get("rules")
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file())
        return [p for p in found if not p.name.endswith((".test.yaml", ".test.yml"))][:MOST_FILES]
    if not path.is_file():
        raise OperationsError(f"{path.name}: there is no such file")
    return [path]


def _groups(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise OperationsError(f"{file.name}: not YAML ({type(error).__name__})") from error
    for document in documents:
        if not isinstance(document, dict):
            continue
        spec = document.get("spec") if document.get("kind") == "PrometheusRule" else document
        found = spec.get("groups") if isinstance(spec, dict) else None
        yield from (group for group in found if isinstance(group, dict)) if isinstance(found, list) else ()


def _alert(rule: Mapping[str, Any], file: str) -> Alert:
    annotations = rule.get("annotations")
    told = annotations if isinstance(annotations, dict) else {}
    runbook = next((told[key] for key in ("runbook_url", "runbook") if key in told), None)
    return Alert(
        name=str(rule["alert"]),
        expr=str(rule.get("expr", "")),
        for_s=_seconds(str(rule.get("for", "0s"))),
        runbook=None if runbook is None else str(runbook).strip(),
        file=file,
    )


def _seconds(text: str) -> float:
    return float(sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text)))
