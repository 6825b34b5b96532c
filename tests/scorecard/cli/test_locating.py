"""portance why, on real run folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scorecard.cli.runs import Run
from scorecard.evidence import Column, Evidence, Provenance, Status, Table, Unit, write

KINDS = ("before_handler", "pool_wait", "sql", "outgoing", "own_code")


def traced(folder: Path) -> Path:
    """The run with the traces of one route."""
    names = ("requests", "p50", "p95", *KINDS)
    columns = [
        Column(name="route"),
        Column(name="load_level"),
        *(Column(name=name, unit=Unit.SECOND) for name in names),
    ]
    row = ("GET /dossiers", "low", 12.0, 0.02, 0.03, 0.0, None, 0.01, 0.0, 0.01)
    table = Table(id="trace.breakdown", columns=tuple(columns), rows=(row,))
    project = Run(folder).read()[0].project.name
    found = Evidence(
        name="traces",
        collector="observability",
        project=project,
        status=Status.COMPLETED,
        tables=(table,),
        provenance=Provenance.since(datetime.now(UTC), tool="sample", version="1"),
    )
    write(found, folder / "evidence")
    return folder


def test_a_run_leads_to_its_route(judged_run: Callable[..., Path], inside: Callable[..., Any]) -> None:
    folder = traced(judged_run("traced"))
    shown = inside("why", str(folder))
    assert (shown.returncode, "GET /dossiers" in shown.stdout) == (0, True)
    one = inside("why", str(folder), "dossiers", "--json")
    assert [route["route"] for route in json.loads(one.stdout)["routes"]] == ["GET /dossiers"]
    none = inside("why", str(folder), "nowhere")
    assert (none.returncode, "no route 'nowhere'" in none.stderr) == (2, True)


def test_a_run_without_traces_says_so(judged_run: Callable[..., Path], inside: Callable[..., Any]) -> None:
    folder = judged_run("untraced")
    (folder / "evidence" / "traces.json").unlink()
    shown = inside("why", str(folder))
    assert (shown.returncode, "no traces" in shown.stderr) == (2, True)
