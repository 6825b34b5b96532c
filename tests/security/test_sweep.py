"""A sweep in batches: one that fails leaves its files unread, and the rest goes on."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from scorecard.evidence import Text
from security.sweep import sweep
from security.tool import ToolError, crashed
from security.tree import Gap, Tree

DOING = Text(en="Reading", fr="Lecture")
COUNT = "import json; print(json.dumps({'read': [a[2:] for a in sys.argv[1:] if a.startswith('./')]}))"


def read(tool, finished):
    if finished.exit_code:
        raise crashed(tool, finished)
    return json.loads(finished.stdout)


def unread(batch, report):
    return (Gap(file, DOING) for file in batch if file not in report["read"])


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path, files=[f"{number:04}.py" for number in range(1000)])


def test_every_file_is_handed_over_once_in_bounded_batches(make_site, fake_tool, tree):
    swept = sweep(make_site(), tree, fake_tool(COUNT), (), read, unread, doing=DOING, timeout_s=60)
    assert len(swept.reports) == 3
    assert sorted(name for report in swept.reports for name in report["read"]) == tree.files
    assert swept.gaps == ()
    assert swept.read == 1000
    assert swept.gap is None


def test_a_batch_that_crashes_is_a_gap_and_the_others_are_read(make_site, fake_tool, tree):
    tool = fake_tool(f"if './0500.py' in sys.argv:\n    sys.exit(9)\n{COUNT}")
    swept = sweep(make_site(), tree, tool, (), read, unread, doing=DOING, timeout_s=60)
    assert len(swept.reports) == 2
    assert [gap.path for gap in swept.gaps] == tree.files[400:800]
    assert swept.read == 600
    assert "files read: 600; not read: 400" in swept.gap.en
    assert "exit code 9" in swept.gaps[0].reason.en


def test_when_no_batch_gives_a_report_it_is_an_error(make_site, fake_tool, tree):
    with pytest.raises(ToolError, match="exit code 9"):
        sweep(make_site(), tree, fake_tool("sys.exit(9)"), (), read, unread, doing=DOING, timeout_s=60)


def test_progress_is_told_from_nothing_to_nearly_all(make_site, fake_tool, tree):
    from dataclasses import replace

    told: list[float] = []
    site = replace(make_site(), progress=lambda _text, share, _left: told.append(share))
    sweep(site, tree, fake_tool(COUNT), (), read, unread, doing=DOING, timeout_s=60)
    assert told == [0.0, 0.4, 0.8]


def test_the_time_is_that_of_all_batches_together(make_site, fake_tool, tree):
    began = time.monotonic()
    with pytest.raises(ToolError, match="not finished"):
        sweep(make_site(), tree, fake_tool("time.sleep(60)"), (), read, unread, doing=DOING, timeout_s=0.5, size=10)
    assert time.monotonic() - began < 45, "of 100 batches the first used the time up, and left none to the others"


def test_heavy_files_are_read_a_few_at_a_time_so_that_the_first_reports_are_kept(make_site, fake_tool, tmp_path):
    (tmp_path / "src").mkdir()
    for number in range(6):
        with (tmp_path / "src" / f"{number}.py").open("wb") as file:
            file.truncate(3 * 1024 * 1024)
    heavy = Tree(tmp_path / "src", files=[f"{number}.py" for number in range(6)])
    tool = fake_tool(f"if './0.py' not in sys.argv:\n    time.sleep(120)\n{COUNT}")
    swept = sweep(make_site(), heavy, tool, (), read, unread, doing=DOING, timeout_s=10.0)
    assert swept.read == 1
    assert [gap.path for gap in swept.gaps] == [f"{number}.py" for number in range(1, 6)]
    assert "no time was left for faketool" in swept.gaps[-1].reason.en
