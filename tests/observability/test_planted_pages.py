"""Pages with one planted defect each, really served and opened: the first finding names it and the page; the mended
twin gives none.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from observability.page_findings import findings
from observability.views import Stop, Tour
from scorecard import project
from scorecard.cli import pages_at_peak
from scorecard.evidence import Evidence, Finding
from scorecard.site import Site

pytest.importorskip("playwright", reason="Playwright is not installed: pip install with the extra 'pages'")

from observability import browser
from observability.tour import Plan, Typing, tour

GROUND = Path(__file__).resolve().parents[1] / "proving_ground" / "pages"
CHROMIUM = browser.find_chromium()
PEAK = "slow-at-the-peak"
PROJECT = """
[project]
name = "Guichet"
users = 1_036_800
[target]
url = "{url}"
[demand]
participation = "100 %"
peak_day_share = "100 %"
peak_to_mean = 1
retries = "0 %"
[[journeys]]
name = "look"
steps = [{{ get = "/" }}]
[objectives]
p95 = "5 s"
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the system's package chromium")


@dataclass(frozen=True)
class Defect:
    """What has to be found first, and what is said of it."""

    name: str
    title: str
    rule: str
    says: str


DEFECTS = [
    Defect(path.parent.name, **tomllib.loads(path.read_text(encoding="utf-8")))
    for path in sorted(GROUND.glob("*/defect.toml"))
]


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Tour:
    """One tour of all twins that can be seen at rest."""
    assert CHROMIUM is not None
    town = FastAPI()
    names = [f"/{defect.name}/{twin}" for defect in DEFECTS if defect.name != PEAK for twin in ("weak", "sound")]
    for name in names:
        town.mount(name, _app(name))
    with _served(town) as url:
        plan = Plan(pages=len(names), loads=0, total_s=300, page_s=12)
        stops = [Stop(f"{name}/", f"{name}/") for name in names]
        nothing = Typing({"text": "Essai 5f1c"}, {})
        folder = tmp_path_factory.mktemp("pictures")
        return asyncio.run(tour(url, stops, plan, CHROMIUM, folder, nothing, lambda share: None))


@pytest.mark.parametrize("defect", [one for one in DEFECTS if one.name != PEAK], ids=lambda one: one.name)
def test_the_first_finding_names_the_defect_and_the_page_and_the_mended_twin_has_none(defect: Defect, seen: Tour):
    weak = _findings(seen, f"/{defect.name}/weak/")
    assert weak, "nothing was found"
    assert (weak[0].rule, weak[0].location.split(" ")[:2]) == (defect.rule, ["GET", f"/{defect.name}/weak/"])
    assert defect.says in weak[0].message
    assert _findings(seen, f"/{defect.name}/sound/") == []


@pytest.mark.parametrize("twin", ["weak", "sound"])
def test_a_page_that_is_slow_at_the_peak_only_is_found_at_the_peak_only(twin: str, tmp_path: Path):
    (defect,) = (one for one in DEFECTS if one.name == PEAK)
    with _served(_app(f"/{PEAK}/{twin}")) as url:
        given = project.parse(PROJECT.format(url=url).encode())
        site = Site(project=given, root=tmp_path, run=tmp_path / "run", url=url, profile="smoke")
        evidence = pages_at_peak.collect(site)
    fact = {one.id: one for one in evidence.facts}["page.peak_load_time"]
    assert fact.value is not None, evidence.reason
    ((page, at_rest, *_),) = _rows(evidence)
    assert (page, at_rest < 0.8) == ("/", True)
    if twin == "sound":
        assert (evidence.findings, fact.value < 0.8) == ((), True)
        return
    (finding,) = evidence.findings
    assert (finding.rule, finding.location) == (defect.rule, "GET /")
    assert defect.says in finding.message
    assert fact.value >= 0.8


def test_a_load_that_failed_says_nothing_of_the_pages(tmp_path: Path):
    app = FastAPI()
    with _served(app) as url:  # there is no page at all
        given = project.parse(PROJECT.format(url=url).encode())
        site = Site(project=given, root=tmp_path, run=tmp_path / "run", url=url, profile="smoke")
        evidence = pages_at_peak.collect(site)
    assert evidence.findings == ()
    assert {one.id: one.value for one in evidence.facts}["page.peak_load_time"] is None
    assert evidence.reason is not None
    assert "100.00% of the requests of the load failed" in evidence.reason.en


def _findings(seen: Tour, path: str) -> list[Finding]:
    assert not [gap for gap in seen.gaps if gap.path == path], seen.gaps
    stops = tuple(stop for stop in seen.stops if stop.path == path)
    views = [view for view in seen.views if view.path == path]
    assert len(views) == 2
    return list(findings(replace(seen, stops=stops, views=views)))


def _rows(evidence: Evidence) -> tuple[tuple[float | int | str | None, ...], ...]:
    return next(table for table in evidence.tables if table.id == "page.peak").rows


def _app(name: str) -> FastAPI:
    """The application of a twin."""
    sys.path.insert(0, str(GROUND))
    try:
        spec = importlib.util.spec_from_file_location(name.strip("/").replace("/", "_"), f"{GROUND}{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(GROUND))
    app = module.app
    assert isinstance(app, FastAPI)
    return app


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    listening = server.config.bind_socket()
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
