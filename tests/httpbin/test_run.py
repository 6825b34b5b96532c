"""A whole run on a service nobody here wrote: what can be seen is measured, the rest is unknown, nothing is green."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Verdicts = dict[str, dict[str, Any]]


def portance(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scorecard.cli", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def run(httpbin: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run with the file that ``portance init`` wrote, as it wrote it."""
    folder = tmp_path_factory.mktemp("own-service")
    written = portance(folder, "init", "--url", httpbin)
    assert written.returncode == 0, written.stderr
    ran = portance(folder, "run", "--profile", "smoke")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    return folder / "runs" / "latest"


@pytest.fixture(scope="module")
def card(run: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((run / "scorecard.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def evidence(run: Path) -> Callable[[str], dict[str, Any]]:
    def read(name: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((run / "evidence" / f"{name}.json").read_text(encoding="utf-8"))
        return document

    return read


def test_its_generic_journeys_are_played_without_an_error(evidence: Callable[[str], dict[str, Any]]) -> None:
    facts = {f["id"]: f for f in evidence("load")["facts"]}
    assert facts["load.requests"]["value"] > 0
    assert facts["load.peak_error_rate"]["value"] == 0


@pytest.mark.parametrize("name", ["code", "dependencies", "secrets", "manifests"])
def test_what_was_not_given_is_said_with_the_key_to_add(evidence: Callable[[str], dict[str, Any]], name: str) -> None:
    found = evidence(name)
    assert found["status"] == "skipped"
    assert "target" in found["reason"]["en"]


def test_a_service_that_exports_no_trace_has_no_fact_about_its_inside(
    evidence: Callable[[str], dict[str, Any]],
) -> None:
    facts = {f["id"]: f for f in evidence("traces")["facts"]}
    for name in ("trace.arrived_share", "trace.share_sql", "trace.slowest_route"):
        assert facts[name]["value"] is None
        assert facts[name]["reason"]


def test_reads_alone_give_no_capacity_for_a_procedure_where_people_file(card: dict[str, Any]) -> None:
    verdicts = {c["id"]: c["verdict"] for c in card["criteria"]}
    assert verdicts["capacity.population"] == "unknown"


def test_no_domain_is_green_and_the_decision_is_undetermined(card: dict[str, Any]) -> None:
    assert card["decision"] in ("undetermined", "no_go")
    assert card["grade"]["low"] in "DEF"
    blind = {"trust", "reuse", "change"}
    for domain in card["domains"]:
        if domain["id"] in blind:
            assert domain["grade"]["low"] == "F"
    assert not [c for c in card["criteria"] if c["verdict"] == "pass" and c["basis"] == "declared"]
