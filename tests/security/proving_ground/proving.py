"""Start a weak service or its sound twin, and let scanners look at it as a run does."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from defects import Defect, Twin, lay_out

from scorecard.cli.service import running
from scorecard.cli.stages import COLLECTORS, Collector
from scorecard.evidence import Evidence
from scorecard.project import FILE_NAME, ProjectFile, RunProfile, Site, load, parse
from security import abuse, active
from security.exchange import Budget

REFERENCE = Path(__file__).resolve().parents[3] / "reference_app"
ROOMS = ("security", "k8s")
SCANNERS: Mapping[str, Collector] = {one.id: one for one in COLLECTORS if one.room in ROOMS}
"""Everything that looks for defects, by the name of its evidence."""


@dataclass(frozen=True)
class Look:
    """What one scanner gave on one twin, and the seconds it took."""

    evidence: Evidence
    seconds: float


def look(defect: Defect, twin: Twin, scanners: Collection[str], folder: Path) -> dict[str, Look]:
    """What ``scanners`` find in a twin of ``defect``, copied below ``folder``; the service runs if one needs it."""
    folder.mkdir(parents=True, exist_ok=True)
    root = lay_out(defect.name, folder)
    written = (root / FILE_NAME).read_text(encoding="utf-8")
    return _looks(_site(parse(written.replace("weak", twin).encode()), root, folder / "run", "quick"), scanners)


def look_at_reference(scanners: Collection[str], folder: Path, *, profile: RunProfile = "quick") -> dict[str, Look]:
    """What ``scanners`` find in the reference service, whose run is kept below ``folder``."""
    return _looks(_site(load(REFERENCE / FILE_NAME), REFERENCE, folder, profile), scanners)


def _looks(site: Site, scanners: Collection[str]) -> dict[str, Look]:
    chosen = [SCANNERS[name] for name in SCANNERS if name in scanners]
    looks: dict[str, Look] = {}
    with _service(site, needed=any(one.live for one in chosen)) as live:
        looks |= {one.id: _ask(one, live) for one in chosen if one.live}
    return looks | {one.id: _ask(one, site) for one in chosen if not one.live}


def _site(project: ProjectFile, root: Path, run: Path, profile: RunProfile) -> Site:
    run.mkdir(parents=True, exist_ok=True)
    return Site(project=project, root=root, run=run, profile=profile)


@contextmanager
def _service(site: Site, *, needed: bool) -> Iterator[Site]:
    if not needed:
        yield site
        return
    with running(site.project, site.root, site.raw("service") / "service.log", extra_env={}) as service:
        yield replace(site, url=service.url, server_pids=service.pids())


def _patient(site: Site) -> Mapping[str, Callable[[], Evidence]]:
    """The scanners that give up after seconds, with minutes instead: a slow machine finds what a quick one does."""
    length = replace(abuse.LENGTHS[site.profile], most_s=90.0)
    requests, _ = active.BUDGETS[site.profile]
    return {
        "abuse": lambda: abuse.collect(site, length=length),
        "active": lambda: active.collect(site, budget=lambda _: Budget(requests, time.monotonic() + 300)),
    }


def _ask(scanner: Collector, site: Site) -> Look:
    begun = time.monotonic()
    evidence = _patient(site).get(scanner.id, lambda: scanner.collect(site))()
    return Look(evidence, round(time.monotonic() - begun, 2))
