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


@pytest.mark.parametrize(("seconds_a_record", "grows"), [(0.0002, True), (0.0, False)])
def test_what_reads_all_its_records_is_slower_with_ten_times_as_many(
    serve, respond, site_that_holds, tmp_path, monkeypatch, seconds_a_record, grows
):
    monkeypatch.setattr(growth, "EXTENTS", {"standard": Extent(2000, 2.5)})
    records = tmp_path / "records"

    async def handler(_):
        await asyncio.sleep(0.05 + seconds_a_record * int(records.read_text()))
        return respond()

    @contextmanager
    def start(workers: int):
        yield Copy(serve(handler).url, ())

    target = {"start": "serve {port}", "grow": f'{sys.executable} -c "{FILLS}" {records} {{rows}}'}
    site = site_that_holds("http://127.0.0.1:9", 60.0, profile="standard", start_copy=start, tables={"target": target})
    for _ in range(3):  # a machine that keeps the generator waiting says nothing of the service
        found = collect_growth(site)
        if found.status is Status.COMPLETED:
            break
    assert found.status is Status.COMPLETED, found.reason
    assert records.read_text() == "2000"
    ratio = fact(found, "growth.p95_ratio")
    assert ratio.low <= ratio.value <= ratio.high
    assert (ratio.value > 2.5) is grows
    assert found.tables[0].rows[0][0] == "read: GET /"
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
