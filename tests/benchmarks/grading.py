"""How long grading 10 000 criteria takes, beside parsing the same evidence as plain JSON.

Run it by hand: ``python tests/benchmarks/grading.py [criteria]``. It asserts nothing: figures belong to a machine. CPU
seconds are counted, so that neighbours on the machine do not matter.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from scorecard.criteria import Criterion
from scorecard.evidence import Evidence, Fact, Machine, Provenance, Status, Text, Unit
from scorecard.grading import grade
from scorecard.project import ProjectFile
from scorecard.reports import json_report

TODAY = date(2026, 11, 22)
DOMAINS = (
    "capacity",
    "resilience",
    "security",
    "trust",
    "integration",
    "operations",
    "evolvability",
    "reuse",
    "change",
)
ROUNDS = 5


def main(count: int) -> None:
    """Print the medians of grading, rendering and parsing for ``count`` criteria, one fact each."""
    project = ProjectFile.model_validate({"project": {"name": "Aid", "users": 300_000}, "target": {}})
    criteria = [_criterion(n) for n in range(count)]
    evidence = [_evidence(k, [_fact(n) for n in range(count) if n % 10 == k]) for k in range(10)]
    files = [item.model_dump_json(by_alias=True) for item in evidence]
    card = grade(project, criteria, evidence, (), TODAY)
    graded = _median(lambda: grade(project, criteria, evidence, (), TODAY))
    parsed = _median(lambda: [json.loads(file) for file in files])
    validated = _median(lambda: [Evidence.model_validate_json(file) for file in files])
    rendered = _median(lambda: json_report.render(card, "fr"))
    size = sum(len(file) for file in files)
    sys.stdout.write(
        f"{count} criteria, {size} bytes of evidence, decision {card.decision.value}; CPU seconds, median of {ROUNDS}\n"
        f"grade {graded:.3f} s, {graded / parsed:.0f} times json.loads of the evidence ({parsed:.4f} s)\n"
        f"read the evidence as models {validated:.3f} s, render scorecard.json {rendered:.3f} s\n"
    )


def _criterion(number: int) -> Criterion:
    words = {"en": f"Question {number}", "fr": f"Question n° {number}"}
    return Criterion.model_validate(
        {
            "id": f"c{number}", "domain": DOMAINS[number % len(DOMAINS)], "title": words, "why": words, "remedy": words,
            "source": "field practice", "basis": "measured", "evidence": f"e{number % 10}", "fact": f"f{number}",
            "unit": "s", "better": "lower", "pass": 0.4, "warn": 0.8, "max_age_days": 30, "weight": 1 + number % 10,
            "blocking": number % 1000 == 0, "effort": "days",
            "requires": [f"c{number - 1}"] if number % 5 == 1 else [],
        }
    )  # fmt: skip


def _fact(number: int) -> Fact:
    if number % 17 == 0:
        return Fact(id=f"f{number}", value=None, unit=Unit.SECOND, reason=Text(en="not seen", fr="pas vu"))
    return Fact(id=f"f{number}", value=(number * 7919 % 10_007) / 10_007, unit=Unit.SECOND)


def _evidence(number: int, facts: list[Fact]) -> Evidence:
    machine = Machine(system="Linux", cpu="any", cores=2, memory_bytes=1, python="3.11")
    started = datetime(2026, 11, 22, tzinfo=UTC)
    provenance = Provenance(tool="benchmark", version="1", command=(), machine=machine, started=started, duration_s=1.0)
    return Evidence(
        name=f"e{number}", collector="benchmark", project="Aid", status=Status.COMPLETED, provenance=provenance,
        facts=tuple(facts),
    ).sealed()  # fmt: skip


def _median(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return statistics.median(seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
