"""What saturates first, from what was read of processors and what the traces say of waits."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from loadtests.saturation import collect_saturation, ends, saturated, told
from loadtests.usage import Reading, Usage, between, read
from loadtests.usage_log import FILE, UsageLog, logged
from scorecard.evidence import Column, Evidence, Fact, Machine, Provenance, Status, Table, Unit, write
from scorecard.project import ProjectFile
from scorecard.site import Site

FREE = Usage(service=0.2, busiest=0.15, database=0.1, machine=0.5, seconds=4.0)
BEGAN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def evidence(name: str, facts=(), tables=(), cores: int = 2) -> Evidence:
    machine = Machine(system="Linux", cpu="x", cores=cores, memory_bytes=1, python="3.11")
    provenance = Provenance(tool="t", version="1", command=(), machine=machine, started=BEGAN, duration_s=1.0)
    return Evidence(
        name=name,
        collector="t",
        project="Aide",
        status=Status.COMPLETED,
        provenance=provenance,
        facts=tuple(facts),
        tables=tuple(tables),
    )


def traces(*waits: tuple[str, float], remote: float = 0.0, own: float = 0.0, sql: float = 0.0) -> Evidence:
    columns = (Column(name="rule"), Column(name="share_of_latency", unit=Unit.RATIO))
    return evidence(
        "traces",
        [
            Fact(id="trace.share_remote", value=remote, unit=Unit.RATIO),
            Fact(id="trace.share_application", value=own, unit=Unit.RATIO),
            Fact(id="trace.share_sql", value=sql, unit=Unit.RATIO),
        ],
        [Table(id="trace.diagnoses", columns=columns, rows=waits)],
    )


def load(*steps: tuple[float, int, str]) -> Evidence:
    """The load evidence of steps at a rate, so many seconds after the beginning, each two seconds long."""
    rows = tuple(
        (rate, (BEGAN + timedelta(seconds=at)).isoformat(), (BEGAN + timedelta(seconds=at + 2)).isoformat(), outcome)
        for rate, at, outcome in steps
    )
    columns = tuple(Column(name=name) for name in ("offered", "started", "ended", "outcome"))
    return evidence("load", tables=[Table(id="load.steps", columns=columns, rows=rows)])


@pytest.mark.parametrize(
    ("use", "waits", "named"),
    [
        (Usage(0.95, 0.92, 0.1, 1.4, 4), traces(("lock-wait", 0.9)), "the processor, by the service"),
        (Usage(0.4, 0.3, 1.3, 1.9, 4), traces(("pool-wait", 0.9)), "the processor, by the database"),
        (FREE, traces(("pool-wait", 0.8)), "the pool of database connections"),
        (FREE, traces(("chatty-remote", 0.9), ("lock-wait", 0.7)), "a lock"),
        (FREE, traces(("serial-remote-calls", 0.9)), "another service that is called"),
        (FREE, traces(remote=0.8), "another service that is called"),
        (FREE, traces(own=0.8), "a wait in the service's own code, such as a lock or a queue"),
        (Usage(0.8, 0.7, 0.1, 1.2, 4), traces(own=0.8), None),
        (Usage(0.5, 0.4, 0.1, 1.9, 4), traces(("pool-wait", 0.9), own=0.8), None),
        (Usage(0.3, 0.2, 1.1, 1.5, 4), traces(sql=0.8), "the processor, by the database"),
        (Usage(0.3, 0.2, 0.2, 0.6, 4), traces(sql=0.8), None),
        # what cannot be told: little waited, nothing traced, a machine that others keep busy, processors not read
        (FREE, traces(("pool-wait", 0.2)), None),
        (FREE, None, None),
        (Usage(0.2, 0.2, 0.1, 1.95, 4), None, None),
        (None, traces(("pool-wait", 0.8)), None),
    ],
)
def test_a_busy_processor_comes_before_a_wait_and_what_cannot_be_told_is_not(use, waits, named):
    found = saturated(use, 2, waits)
    assert (None if found is None else found.name.en) == named
    facts = {fact.id: fact for fact in told(None, use, 2, waits).facts}
    assert (facts["load.saturated"].value if facts else None) == named
    if facts:
        assert 0 < facts["load.saturated_share"].value <= 1
        assert facts["load.saturated_fr"].value != named


def test_the_knee_is_the_lowest_rate_above_all_held_that_failed_and_else_the_highest_held():
    def seconds(steps):
        found = ends(load(*steps))
        return found and [(moment[0] - BEGAN).total_seconds() for moment in (found[0], *found[1])]

    steps = [
        (5, 0, "held"),
        (10, 3, "failed"),
        (20, 6, "held"),
        (60, 9, "void"),
        (80, 12, "failed"),
        (40, 15, "failed"),
    ]
    assert seconds(steps) == [0, 15, 12, 6]
    assert seconds(steps[:4]) == [0, 6]
    assert seconds([(5, 0, "held"), (9, 3, "failed")]) == [0, 3, 0]
    assert seconds([(5, 0, "held"), (5, 6, "held")]) is None
    assert seconds([(5, 0, "failed")]) is None


def test_the_readings_under_each_step_are_those_compared(tmp_path):
    site = Site(
        project=ProjectFile.model_validate({"project": {"name": "Aide", "users": 10}, "target": {}}),
        root=tmp_path,
        run=tmp_path,
    )
    write(load((5, 0, "held"), (20, 6, "held")), tmp_path / "evidence")
    used = 0.0
    with (site.raw("load") / FILE).open("w") as file:
        for half in range(18):  # a twentieth of a core at first, nearly a whole one from the sixth second on
            kept = {"at": half / 2, "processes": {"7": ["service", used, 0.0]}, "machine": 1.1 * used}
            file.write(json.dumps({"time": (BEGAN + timedelta(seconds=half / 2)).isoformat(), **kept}) + "\n")
            used += 0.025 if half < 12 else 0.48
        file.write('{"time": "2026-')  # the run was cut off
    found = collect_saturation(site)
    facts = {fact.id: fact.value for fact in found.facts}
    assert facts["load.saturated"] == "the processor, by the service"
    rows = {row[0]: row[1:3] for row in found.tables[0].rows}
    assert rows["busiest process of the service"] == (pytest.approx(0.05), pytest.approx(0.96))


def test_without_a_load_nothing_is_said(tmp_path):
    project = ProjectFile.model_validate({"project": {"name": "Aide", "users": 10}, "target": {}})
    found = collect_saturation(Site(project=project, root=tmp_path, run=tmp_path))
    assert found.status is Status.SKIPPED
    assert all(fact.value is None for fact in found.facts)


def test_the_processors_of_a_process_are_really_read(tmp_path):
    began = datetime.now(UTC)
    before = read([os.getpid()])
    with logged([os.getpid()], tmp_path):
        while read([os.getpid()]).processes[os.getpid()][1] < before.processes[os.getpid()][1] + 1.2:
            sum(range(10_000))
    used = between(before, read([os.getpid()]))
    assert used is not None
    assert 0 < used.busiest <= used.service + 1e-9
    assert used.machine >= 0.5 * used.busiest
    seen = UsageLog(tmp_path).over(began, datetime.now(UTC))
    assert seen is not None
    assert seen.service > 0
    assert between(Reading(0.0, {}, 0.0), Reading(1.0, {}, 1.0)) is None


def test_what_ended_processes_used_is_counted_once():
    before = Reading(0.0, {1: ("database", 1.0, 0.0), 2: ("database", 5.0, 0.0), 3: ("service", 2.0, 0.0)}, 8.0)
    # process 2 has ended with 6 seconds, and another that was never seen alive with 3
    after = Reading(10.0, {1: ("database", 1.5, 9.0), 3: ("service", 4.0, 0.0)}, 15.0)
    used = between(before, after)
    assert used is not None
    assert used.database == pytest.approx((0.5 + 1.0 + 3.0) / 10)
    assert (used.service, used.busiest) == (pytest.approx(0.2), pytest.approx(0.2))
