"""JSON Schemas of the files others read or write, made from the models that this program itself uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from scorecard.evidence import Evidence
from scorecard.gating.policy import Policy
from scorecard.project import ProjectFile
from scorecard.reports.json_report import JsonScorecard

_MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "portance.schema.json": (ProjectFile, "portance.toml, the project under test"),
    "policy.schema.json": (Policy, "portance-policy.toml, what a pipeline asks beyond the decision"),
    "evidence.schema.json": (Evidence, "evidence/*.json, the facts one collector saw in one run"),
    "scorecard.schema.json": (JsonScorecard, "scorecard.json, the judgement of one run"),
}


def schemas() -> dict[str, str]:
    """The content of every schema file of this folder, by file name."""
    return {name: _schema(model, title) for name, (model, title) in _MODELS.items()}


def refresh(folder: Path | None = None) -> list[Path]:
    """Write the schema files into ``folder`` (by default this one); returns the paths of those that changed."""
    target = Path(__file__).parent if folder is None else folder
    changed = []
    for name, content in schemas().items():
        path = target / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            changed.append(path)
    return changed


def _schema(model: type[BaseModel], title: str) -> str:
    body: dict[str, Any] = model.model_json_schema(by_alias=True, mode="validation")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", **body, "title": title}
    return json.dumps(head, indent=2, ensure_ascii=False) + "\n"
