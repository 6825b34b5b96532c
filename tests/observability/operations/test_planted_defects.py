"""Town halls with one defect each in what their team on call has: it is found, and its place; of the twin nothing.

Each runs as a service of its own, and is looked at by the collector as in a run.
"""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import httpx
import pytest

from observability.operations.operability import collect
from scorecard import project
from scorecard.evidence import Evidence
from scorecard.site import Site

GROUND = Path(__file__).resolve().parents[2] / "proving_ground" / "operations"
DEFECTS = sorted(path.parent.name for path in GROUND.glob("*/defect.toml"))

PROJECT = """
[project]
name = "Town hall"
users = 1000
[target]
url = "http://127.0.0.1:1"
[[journeys]]
name = "file"
steps = [{{ post = "/requests", json = {{ name = "{{name}}" }}, extract = {{ receipt = "$.receipt" }} }}]
[operations]
metrics = "/metrics"
{files}
"""
KEYS = {"alerts.yaml": "rules", "dashboard.json": "dashboards", "runbooks": "runbooks"}


@pytest.mark.parametrize("name", DEFECTS)
def test_the_defect_is_found_with_its_place_and_the_mended_twin_is_clean(
    name: str, tmp_path: Path, installed, free_ports
):
    defect = tomllib.loads((GROUND / name / "defect.toml").read_text(encoding="utf-8"))
    weak, sound = (_look(GROUND / name / twin, tmp_path / twin, *free_ports(1)) for twin in ("weak", "sound"))
    assert _value(weak, defect["fact"]) == defect["weak"]
    assert _value(sound, defect["fact"]) == defect["sound"]
    assert sound.findings == ()
    if "rule" in defect:
        assert [(finding.rule, finding.location) for finding in weak.findings] == [(defect["rule"], defect["place"])]


def test_there_are_defects_of_every_kind():
    facts = {tomllib.loads((GROUND / name / "defect.toml").read_text(encoding="utf-8"))["fact"] for name in DEFECTS}
    assert len(DEFECTS) >= 10
    assert len(facts) == 5


def _look(folder: Path, run: Path, port: int) -> Evidence:
    files = "\n".join(f'{key} = "{file}"' for file, key in KEYS.items() if (folder / file).exists())
    files += '\nreceipt = "receipt"' if (folder / "log-line.txt").exists() else ""
    site = Site(project=project.parse(PROJECT.format(files=files).encode()), root=folder, run=run)
    with _serving(folder, site.raw("service") / "service.log", port) as url:
        return collect(Site(project=site.project, root=folder, run=run, url=url), random=Random(1))


def _value(evidence: Evidence, fact: str) -> object:
    (found,) = (one for one in evidence.facts if one.id == fact)
    assert found.value is not None, found.reason
    return found.value


@contextmanager
def _serving(folder: Path, log: Path, port: int) -> Iterator[str]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(GROUND / "town_hall.py"), str(port), str(folder)], stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            assert process.poll() is None, "the town hall ended"
            assert time.monotonic() < deadline, "the town hall did not open"
            try:
                httpx.get(url, trust_env=False, timeout=5)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                break
        yield url
    finally:
        process.kill()
        process.wait()
