"""The looks at the proving ground, taken side by side in processes of their own before the first test asks for one."""

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
from proving import Look, look

Looks = Callable[[Defect, Twin], dict[str, Look]]


@pytest.fixture(scope="session")
def looks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looks]:
    """What the scanners that must find a defect say of one of its twins."""
    folder = tmp_path_factory.mktemp("ground")
    asked = {
        item.callspec.params["defect"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and "defect" in item.callspec.params
    }
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
        yield lambda defect, twin: futures[defect.name, twin].result(timeout=600)
        pool.shutdown(cancel_futures=True)
