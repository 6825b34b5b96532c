"""Slow services with one planted defect each: the first diagnosis names it; of the mended twin there is none.

Each is really served, asked a few dozen times (some alone, some side by side), and traced into the real receiver.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scorecard.evidence import Evidence

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "proving_ground" / "performance"))

from slow_services import DEFECTS, Defect, asked


@pytest.fixture(scope="session")
def traces(
    request: pytest.FixtureRequest, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, str], Evidence]]:
    """The evidence of the traces of a service, by defect and twin: all that are asked for are tried side by side."""
    wanted = dict.fromkeys(
        (item.callspec.params["defect"].name, twin)
        for item in request.session.items
        if isinstance(item, pytest.Function) and "traces" in item.fixturenames
        for twin in ("weak", "sound")
    )
    with pytest.MonkeyPatch.context() as environment, ThreadPoolExecutor(3) as pool:
        environment.setenv("BENCH_DATABASE", database)
        looks = {one: pool.submit(asked, *one, database, tmp_path_factory.mktemp("-".join(one))) for one in wanted}
        yield lambda defect, twin: looks[defect, twin].result(timeout=300)
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_first_diagnosis_names_the_defect_and_the_mended_twin_has_none(
    defect: Defect, traces: Callable[[str, str], Evidence]
) -> None:
    weak = traces(defect.name, "weak")
    assert weak.findings, "nothing was found"
    first = weak.findings[0]
    assert (first.category, first.rule, first.location) == ("diagnosis", defect.rule, defect.route)
    assert defect.says in first.message
    assert defect.remedy in first.remedy
    (table,) = (table for table in weak.tables if table.id == "trace.diagnoses")
    first_row = dict(zip((column.name for column in table.columns), table.rows[0], strict=True))
    assert defect.place in str(first_row["place"])
    assert defect.at in str(first_row["line"])
    facts = {fact.id: fact for fact in weak.facts}
    assert facts["trace.diagnoses"].value == len(weak.findings)
    assert str(facts["trace.first_diagnosis"].value).startswith(f"{defect.route}: ")
    assert str(facts["trace.first_diagnosis_fr"].value).startswith(f"{defect.route}\u202f: ")

    sound = traces(defect.name, "sound")
    assert [f"{found.location}: {found.rule}: {found.message}" for found in sound.findings] == []
    facts = {fact.id: fact for fact in sound.facts}
    assert (facts["trace.diagnoses"].value, facts["trace.first_diagnosis"].value) == (0, "none")
