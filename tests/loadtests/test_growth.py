"""Ten times the data: a service that reads them all, and one that does not mind."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager

import pytest

from loadtests import growth
from loadtests.filling import FillingError, fill
from loadtests.growth import Extent, collect_growth
from scorecard.evidence import Evidence, Status
from scorecard.site import Copy

FILLS = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"


def fact(evidence: Evidence, name: str):
    return next(one for one in evidence.facts if one.id == name)


def test_the_step_that_reads_all_records_is_slower_with_ten_times_as_many_and_the_other_is_not(
    serve, respond, site_that_holds, tmp_path, monkeypatch
):
    monkeypatch.setattr(growth, "EXTENTS", {"standard": Extent(2000, 2.5)})
    records = tmp_path / "records"

    async def handler(request):
        await asyncio.sleep(0.05 + (0.0002 * int(records.read_text()) if request.path == "/all" else 0.0))
        return respond()

    @contextmanager
    def start(workers: int):
        yield Copy(serve(handler).url, ())

    tables = {
        "target": {"start": "serve {port}", "grow": f'{sys.executable} -c "{FILLS}" {records} {{rows}}'},
        "journeys": [{"name": "read", "steps": [{"get": "/one"}, {"get": "/all"}]}],
    }
    site = site_that_holds("http://127.0.0.1:9", 30.0, profile="standard", start_copy=start, tables=tables)
    for _ in range(3):  # a machine that keeps the generator waiting says nothing of the service
        found = collect_growth(site)
        if found.status is Status.COMPLETED:
            break
    assert found.status is Status.COMPLETED, found.reason
    assert records.read_text() == "2000"
    ratios = {row[0]: row[4] for row in found.tables[0].rows}
    assert list(ratios) == ["read: GET /all", "read: GET /one"]
    assert ratios["read: GET /all"] > 2.5 > ratios["read: GET /one"]
    ratio = fact(found, "growth.p95_ratio")
    assert ratio.low <= ratio.value <= ratio.high
    assert ratio.value > 2
    assert (site.raw("growth") / "after" / "sent-traces.jsonl").read_text().count("\n") > 5


def test_a_command_that_fails_is_quoted(tmp_path):
    command = "import sys; print('no room left', file=sys.stderr); sys.exit(3)"
    with pytest.raises(FillingError, match=r"exit code 3: no room left"):
        fill(f'{sys.executable} -c "{command}" {{rows}}', "http://127.0.0.1:8", 10, tmp_path)
    with pytest.raises(FillingError, match="No such file"):
        fill("no-such-program {rows}", "http://127.0.0.1:8", 10, tmp_path)


def test_without_a_command_nothing_grows(site_that_holds):
    found = collect_growth(site_that_holds("http://127.0.0.1:9", 60.0, profile="standard"))
    assert found.status is Status.SKIPPED
    assert "[target] grow" in found.reason.en
