"""What each file of tests here asks of the proving ground, once; pytest-xdist gives each file to one process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

# The processes of the pool import these modules by name, and so do the tests and the benchmark.
sys.path.insert(0, str(Path(__file__).parent))

from defects import TWINS, Defect, Twin
from leaks import Assessment, assess
from proving import ASKS_THE_NETWORK, SCANNERS, Look, look, look_at_reference

Looks = Callable[[Defect, Twin], dict[str, Look]]


@pytest.fixture(scope="module")
def looks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looks]:
    """What the scanners that must find a defect say of one of its twins; all selected ones begin at once."""
    folder = tmp_path_factory.mktemp("ground")
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and item.path == request.path]
    asked = {item.callspec.params["defect"] for item in items if "looks" in item.fixturenames}
    # One more than there are cores: services take their time to start, and scanners wait for answers.
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)) + 1, mp_context=get_context("spawn")) as pool:
        futures: dict[tuple[str, Twin], Future[dict[str, Look]]] = {
            (defect.name, twin): pool.submit(
                look,
                defect,
                twin,
                {one.scanner for one in defect.expected},
                folder / f"{defect.name}-{twin}",
                patient=True,
            )
            for defect in sorted(asked, key=lambda defect: defect.name)
            for twin in TWINS
        }
        yield lambda defect, twin: futures[defect.name, twin].result(timeout=1800)
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Look]:
    """What the scanners that need no network say of the reference service."""
    folder = tmp_path_factory.mktemp("reference")
    return look_at_reference(set(SCANNERS) - {ASKS_THE_NETWORK}, folder, profile="smoke", patient=True)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    """The whole program on a service that gives away everything."""
    return assess(tmp_path_factory.mktemp("leaks"))
