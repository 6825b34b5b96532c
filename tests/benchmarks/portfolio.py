"""How long and how much memory ``portance portfolio`` takes for 1 000 projects with 50 runs each.

Run it by hand: ``python tests/benchmarks/portfolio.py [projects] [runs] [folder]``. It asserts nothing: figures belong
to a machine. The command is a process of its own, timed from its start to its end, page included. Scorecards are of
the size of the shipped catalogue; each project has three different ones, its other runs are hard links to the first, so
that the folder fits any disk. They have just been written: the disk is not measured.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from scorecard.criteria import catalogue
from scorecard.grading import grade
from scorecard.project import ProjectFile
from scorecard.reports import json_report

TODAY = date(2026, 11, 22)
LETTERS = (("A", 0.9), ("B", 0.8), ("C", 0.65), ("D", 0.5), ("E", 0.3), ("F", 0.0))


def main(projects: int, runs: int, folder: Path) -> None:
    """Write the runs into ``folder``, then print the seconds and the memory of the command."""
    size = write_runs(folder, projects, runs)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    command = [sys.executable, "-m", "scorecard.cli", "portfolio", str(folder), "--on", TODAY.isoformat(), "--quiet"]
    code = subprocess.run(command, check=False).returncode
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    page = (folder / "portfolio.html").stat().st_size
    sys.stdout.write(
        f"{projects} projects, {runs} runs each, scorecards of {size / 1e3:.0f} kB; exit code {code}\n"
        f"{seconds:.2f} s ({cpu:.2f} s of processor), {after.ru_maxrss / 1024:.0f} MB at most, "
        f"page of {page / 1e6:.1f} MB\n"
    )


def write_runs(folder: Path, projects: int, runs: int) -> int:
    """Write ``runs`` runs of ``projects`` projects; returns the bytes of a scorecard."""
    chance = random.Random(7)
    project = ProjectFile.model_validate({"project": {"name": "Aid", "users": 300_000}, "target": {}})
    card = json.loads(json_report.render(grade(project, catalogue(), (), (), TODAY), "fr"))
    size = 0
    for number in range(projects):
        name, strength = f"Démarche n° {number + 1}", chance.random()
        texts = [scorecard(card, name, strength, chance) for _ in range(3)]
        first = None
        for run in range(runs):
            made = datetime(2026, 11, 21, 6, tzinfo=UTC) - timedelta(days=7 * (runs - 1 - run))
            path = (
                folder / f"team-{number % 20}" / f"project-{number}" / f"{made:%Y%m%dT%H%M%SZ}-demo" / "scorecard.json"
            )
            path.parent.mkdir(parents=True)
            if first is not None and run < runs - 2:
                path.hardlink_to(first)
                continue
            path.write_text(texts[max(0, run - runs + 3)], encoding="utf-8")
            first = path if first is None else first
            size = path.stat().st_size
    return size


def scorecard(card: Mapping[str, Any], name: str, strength: float, chance: random.Random) -> str:
    """``card`` with made-up answers of a project of ``strength`` (0 to 1), whose decision follows from them."""
    verdicts = chance.choices(("pass", "fail", "unknown"), (8 + 200 * strength**3, 1, 1), k=len(card["criteria"]))
    criteria = [{**c, "verdict": v} for c, v in zip(card["criteria"], verdicts, strict=True)]
    blocking = {c["verdict"] for c in criteria if c["blocking"]}
    decision = "no_go" if "fail" in blocking else "undetermined" if "unknown" in blocking else "go"
    low = verdicts.count("pass") / len(verdicts)
    ends = {"score_low": low, "score_high": low + verdicts.count("unknown") / len(verdicts)}
    low_letter, high_letter = (next(x for x, least in LETTERS if score >= least) for score in ends.values())
    changed = {
        "project": {**card["project"], "name": name},
        "decision": decision,
        "grade": {"low": low_letter, "high": high_letter, **ends},
        "criteria": criteria,
    }
    return json.dumps({**card, **changed}, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    given = sys.argv[1:]
    counts = [int(value) for value in given[:2]]
    wanted = (*counts, *(1000, 50)[len(counts) :])
    if len(given) > 2:
        main(*wanted, Path(given[2]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(*wanted, Path(temporary))
