"""Further copies of the service: started beside it, told how many workers they have, gone with their block."""

from __future__ import annotations

from pathlib import Path

import httpx
import psutil
import pytest

from scorecard.cli.assess import plan
from scorecard.cli.copies import copies
from scorecard.project import ProjectFile
from scorecard.site import CopyError, Site

# it tells its workers: what is served is a folder of that name
START = "python -m http.server {port} --bind 127.0.0.1 --directory {workers}"


def site(folder: Path, **target: str) -> Site:
    project = ProjectFile.model_validate({"project": {"name": "Aide", "users": 10}, "target": target})
    return Site(project=project, root=folder, run=folder / "run")


def test_two_copies_stand_side_by_side_and_are_gone_with_their_blocks(tmp_path: Path) -> None:
    for workers in ("1", "4"):
        (tmp_path / workers).mkdir()
        (tmp_path / workers / "me.txt").write_text(workers)
    start = copies(site(tmp_path, start=START), {})
    assert start is not None
    with start(1) as one, start(4) as four:
        told = [httpx.get(f"{copy.url}/me.txt", trust_env=False, timeout=10).text for copy in (one, four)]
        assert told == ["1", "4"]
        assert one.pids
        assert four.pids
        assert not set(one.pids) & set(four.pids)
    assert not any(psutil.pid_exists(pid) for pid in (*one.pids, *four.pids))
    assert len(list((tmp_path / "run" / "raw" / "service").glob("copy-*.log"))) == 2


def test_a_copy_that_does_not_start_says_why(tmp_path: Path) -> None:
    start = copies(site(tmp_path, start='python -c "import sys; sys.exit(7)" {port}'), {})
    assert start is not None
    with pytest.raises(CopyError, match="exit code 7"), start(1):
        pass


def test_a_service_that_is_only_found_has_no_copies(tmp_path: Path) -> None:
    assert copies(site(tmp_path, url="http://127.0.0.1:9"), {}) is None


def test_a_collector_knows_whether_it_was_asked_for_by_name() -> None:
    assert "soak" in plan(["load", "soak"]).asked
    assert "soak" not in plan(["loadtests"]).asked
    assert plan([]).asked == frozenset()
