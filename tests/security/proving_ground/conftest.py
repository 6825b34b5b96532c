"""The looks at the proving ground, side by side in processes of their own, begun when the first test asks for one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest

# The processes of the pool import these modules by name, and so do the tests and the benchmark.
sys.path.insert(0, str(Path(__file__).parent))

from defects import TWINS, Defect, Twin
from leaks import Assessment, assess
from proving import ASKS_THE_NETWORK, SCANNERS, Look, look, look_at_reference

Looks = Callable[[Defect, Twin], dict[str, Look]]


@dataclass(frozen=True)
class Begun:
    """What was begun; only what a selected test asks for."""

    assessment: Future[Assessment] | None
    reference: Future[dict[str, Look]] | None
    looks: dict[tuple[str, Twin], Future[dict[str, Look]]]


@pytest.fixture(scope="session")
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """Everything at once, the longest first."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    wanted = {name for item in items for name in item.fixturenames}
    folder = tmp_path_factory.mktemp("ground")
    # One more than there are cores: services take their time to start, and scanners wait for answers.
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)) + 1, mp_context=get_context("spawn")) as pool:
        yield Begun(
            pool.submit(assess, folder / "leaks") if "everything" in wanted else None,
            _reference(pool, folder / "reference") if "reference" in wanted else None,
            _looks(pool, items, folder),
        )
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def looks(begun: Begun) -> Looks:
    """What the scanners that must find a defect say of one of its twins."""
    return lambda defect, twin: begun.looks[defect.name, twin].result(timeout=900)


@pytest.fixture(scope="session")
def reference(begun: Begun) -> dict[str, Look]:
    """What the scanners that need no network say of the reference service."""
    assert begun.reference is not None
    return begun.reference.result(timeout=900)


@pytest.fixture(scope="session")
def everything(begun: Begun) -> Assessment:
    """The whole program on a service that gives away everything."""
    assert begun.assessment is not None
    return begun.assessment.result(timeout=900)


def _reference(pool: Executor, folder: Path) -> Future[dict[str, Look]]:
    return pool.submit(look_at_reference, set(SCANNERS) - {ASKS_THE_NETWORK}, folder, profile="smoke", patient=True)


def _looks(
    pool: Executor, items: list[pytest.Function], folder: Path
) -> dict[tuple[str, Twin], Future[dict[str, Look]]]:
    asked = {item.callspec.params["defect"] for item in items if "looks" in item.fixturenames}
    return {
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
