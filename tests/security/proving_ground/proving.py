"""Start a weak service or its sound twin, and let scanners look at it as a run does."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from defects import Defect, Twin, lay_out

from observability import pages
from observability.receiver import Receiver
from scorecard.cli.service import running
from scorecard.cli.stages import COLLECTORS, Collector
from scorecard.evidence import Evidence
from scorecard.journeys.exchange import Budget
from scorecard.project import FILE_NAME, ProjectFile, RunProfile, load, parse
from scorecard.site import Site
from security import abuse, active, traced_values

REFERENCE = Path(__file__).resolve().parents[3] / "reference_app"
ROOMS = ("security", "k8s")
TRACES = traced_values.NAME
SCANNERS: Mapping[str, Collector] = {
    **{one.id: one for one in COLLECTORS if one.room in ROOMS or one.id == pages.NAME},
    TRACES: Collector(TRACES, "security", False, traced_values.collect),  # a run calls it by itself, with the traces
}
"""Everything that looks for defects, by the name of its evidence."""
ASKS_THE_NETWORK = "dependencies"
"""The one that asks a service of advisories, which tests do not: what it finds of the reference depends on the day."""


@dataclass(frozen=True)
class Look:
    """What one scanner gave on one twin, and the seconds it took."""

    evidence: Evidence
    seconds: float


def look(
    defect: Defect, twin: Twin, scanners: Collection[str], folder: Path, *, patient: bool = False
) -> dict[str, Look]:
    """What ``scanners`` find in a twin of ``defect``, copied below ``folder``; the service runs if one needs it.

    With ``patient``, scanners that give up after seconds have minutes: a slow machine finds what a quick one does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    root = lay_out(defect.name, folder)
    written = (root / FILE_NAME).read_text(encoding="utf-8")
    return _looks(
        _site(parse(written.replace("weak", twin).encode()), root, folder / "run", "quick"), scanners, patient
    )


def look_at_reference(
    scanners: Collection[str], folder: Path, *, profile: RunProfile = "quick", patient: bool = False
) -> dict[str, Look]:
    """What ``scanners`` find in the reference service, whose run is kept below ``folder``; see :func:`look`."""
    return _looks(_site(load(REFERENCE / FILE_NAME), REFERENCE, folder, profile), scanners, patient)


def _looks(site: Site, scanners: Collection[str], patient: bool) -> dict[str, Look]:
    chosen = [SCANNERS[name] for name in SCANNERS if name in scanners]
    traced = TRACES in scanners
    live = [one for one in chosen if one.live]
    if traced and not live:
        live = [SCANNERS["personal-data"]]  # somebody must ask for something, or there is no trace
    looks: dict[str, Look] = {}
    with _receiver(site, needed=traced) as receiver:
        with _service(site, receiver, needed=bool(live)) as here:
            looks |= {one.id: _ask(one, here, patient) for one in live}
        if receiver is not None:
            looks[TRACES] = _timed(lambda: traced_values.collect(site, receiver.texts()))
    return looks | {one.id: _ask(one, site, patient) for one in chosen if not one.live and one.id != TRACES}


def _site(project: ProjectFile, root: Path, run: Path, profile: RunProfile) -> Site:
    run.mkdir(parents=True, exist_ok=True)
    return Site(project=project, root=root, run=run, profile=profile)


def _receiver(site: Site, *, needed: bool) -> AbstractContextManager[Receiver | None]:
    return Receiver(site.run) if needed else nullcontext()


@contextmanager
def _service(site: Site, receiver: Receiver | None, *, needed: bool) -> Iterator[Site]:
    if not needed:
        yield site
        return
    environment = {} if receiver is None else {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
    with running(site.project, site.root, site.raw("service") / "service.log", extra_env=environment) as service:
        yield replace(site, url=service.url, server_pids=service.pids())


def _ask(scanner: Collector, site: Site, patient: bool) -> Look:
    if patient and scanner.id == abuse.NAME:
        length = replace(abuse.LENGTHS[site.profile], most_s=90.0)
        return _timed(lambda: abuse.collect(site, length=length))
    if patient and scanner.id == active.NAME:
        requests, _ = active.BUDGETS[site.profile]
        return _timed(lambda: active.collect(site, budget=lambda _: Budget(requests, time.monotonic() + 300)))
    return _timed(lambda: scanner.collect(site))


def _timed(collect: Callable[[], Evidence]) -> Look:
    begun = time.monotonic()
    evidence = collect()
    return Look(evidence, round(time.monotonic() - begun, 2))
