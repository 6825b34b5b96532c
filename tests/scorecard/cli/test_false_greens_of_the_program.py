"""False greens seen in real tools, each tried on the whole program: a run folder in, every command and report out.

The folder holds a sound run: every question of the shipped catalogue is answered well, and the program says go. Each
test spoils one thing, and no command may still say go. Numbers follow the list of the project's facts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from scorecard import evidence
from scorecard.scorecard import Verdict

TODAY = datetime.now(UTC).date()
"""As the program sees it: these runs are judged by its own clock."""

NEVER = {"pass", "waived"}


@dataclass(frozen=True)
class SoundRun:
    """The folder of a run, what to spoil in it, and what the program makes of it."""

    folder: Path
    run: Callable[..., Any]

    @property
    def evidence(self) -> Path:
        """Where the evidence is."""
        return self.folder / "evidence"

    def change(self, name: str, values: Mapping[str, object]) -> None:
        """Let a collector have seen other values, sealed as it seals them."""
        seen = evidence.read(self.evidence / f"{name}.json")
        facts = tuple(
            f.model_copy(update=dict.fromkeys(("value",) if f.low is None else ("value", "low", "high"), values[f.id]))
            if f.id in values
            else f
            for f in seen.facts
        )
        assert set(values) <= {f.id for f in facts}
        evidence.write(seen.model_copy(update={"facts": facts}), self.evidence)

    def graded(self, *arguments: str) -> dict[str, Any]:
        """What ``portance grade --json`` says, which is also what it leaves in the folder."""
        said = self.run("grade", str(self.folder), "--json", *arguments)
        document: dict[str, Any] = json.loads(said.stdout)
        assert document == json.loads((self.folder / "scorecard.json").read_text(encoding="utf-8"))
        assert said.returncode == {"go": 0, "conditional": 0, "no_go": 1, "undetermined": 2}[document["decision"]]
        return document

    def report(self, name: str) -> str:
        """What ``portance report`` writes."""
        said = self.run("report", str(self.folder), "--format", name)
        return Path(said.stdout.strip()).read_text(encoding="utf-8")


@pytest.fixture
def sound_run(judged_run, inside):
    return lambda kind="online-procedure", more="": SoundRun(judged_run(kind=kind, toml=more), inside)


def criteria(document):
    return {c["id"]: c for c in document["criteria"]}


def test_the_control_a_sound_run_is_a_go_everywhere(sound_run, inside):
    run = sound_run()
    assert inside("gate", str(run.folder)).returncode == 0
    document = run.graded()
    assert document["decision"] == "go"
    assert (document["grade"]["low"], document["coverage"]) == ("A", 1.0)
    assert {c["verdict"] for c in document["criteria"]} <= {"pass", "not_applicable"}


def test_01_no_samples_pass_no_threshold(sound_run, inside):
    run = sound_run()
    zero = {"load.requests": 0, "load.p95": 0.0, "load.peak_p95": 0.0, "load.error_rate": 0.0}
    run.change("load", zero)
    assert inside("gate", str(run.folder)).returncode == 2
    found = criteria(run.graded())
    assert found["capacity.sample-size"]["verdict"] == "unknown"
    for name in ("capacity.p95", "capacity.peak-p95", "user-service.load-time-at-peak", "capacity.population"):
        assert found[name]["verdict"] == "unknown", name


def test_02_no_policy_file_and_no_history_are_no_pass(sound_run, inside, tmp_path):
    run = sound_run()
    for option in ("--policy", "--baseline"):
        refused = inside("gate", str(run.folder), option, str(tmp_path / "missing"))
        assert refused.returncode == 2, option
        assert "missing" in refused.stderr
    (tmp_path / "empty.json").write_text("{}", encoding="utf-8")
    assert inside("gate", str(run.folder), "--baseline", str(tmp_path / "empty.json")).returncode == 2


def test_02_no_run_and_an_empty_run_are_no_pass(sound_run, inside, tmp_path):
    assert inside("gate", str(tmp_path)).returncode == 2
    run = sound_run()
    for file in run.evidence.iterdir():
        file.unlink()
    for command in ("gate", "grade"):
        assert inside(command, str(run.folder)).returncode == 2
    document = run.graded()
    assert (document["decision"], document["grade"]["low"], document["coverage"]) == ("undetermined", "F", 0.0)
    assert {c["verdict"] for c in document["criteria"]} == {"unknown", "not_applicable"}
    assert {i["colour"] for i in document["indicators"]} == {"grey"}


def test_03_a_group_that_nothing_was_seen_of_is_no_full_mark(sound_run):
    run = sound_run()
    (run.evidence / "declarations.json").unlink()
    grades = {d["id"]: d["grade"] for d in run.graded()["domains"]}
    assert (grades["change"]["low"], grades["change"]["score_low"]) == ("F", 0.0)
    assert (grades["capacity"]["low"], grades["security"]["low"]) != ("A", "A")


def test_04_nothing_counted_earns_nothing(sound_run, inside):
    run = sound_run(kind="api")
    assert run.graded()["decision"] == "go"  # the control: an API is asked fewer questions, not none
    for file in run.evidence.iterdir():
        file.unlink()
    assert inside("gate", str(run.folder)).returncode == 2
    document = run.graded()
    assert document["grade"]["score_low"] == 0.0
    assert all(d["grade"] is None or d["grade"]["score_low"] == 0.0 for d in document["domains"])


def test_05_what_was_waived_or_is_not_asked_is_not_done(sound_run, inside):
    waived = (
        '[[waivers]]\ncriterion = "security.code-high"\nreason = "behind the network until January"\n'
        f'approver = "CISO"\nexpires = {TODAY + timedelta(days=20)}\n'
    )
    run = sound_run(more=waived)
    run.change("code", {"security.code_high": 2})
    gate = inside("gate", str(run.folder))
    document = run.graded()
    assert (gate.returncode, document["decision"]) == (0, "conditional")
    assert document["condition"]["until"] == (TODAY + timedelta(days=20)).isoformat()
    assert (document["grade"]["low"], document["grade"]["high"]) == ("D", "D")
    assert document["grade"]["score_high"] < 1.0
    assert "CISO" in criteria(document)["security.code-high"]["waiver"]
    suite = ElementTree.fromstring(run.report("junit"))
    case = next(c for c in suite.iter("testcase") if "security.code-high" in c.get("name", "") + c.get("classname", ""))
    assert case.find("skipped") is not None
    not_asked = [c for c in document["criteria"] if c["verdict"] == "not_applicable"]
    assert not_asked
    assert inside("gate", str(run.folder), "--on", (TODAY + timedelta(days=21)).isoformat()).returncode != 0


def test_06_no_command_leaves_the_threshold_out(sound_run, inside):
    run = sound_run()
    run.change("code", {"security.code_high": 1})
    for arguments in (("gate",), ("gate", "--quiet"), ("gate", "--json"), ("grade",), ("grade", "--quiet")):
        assert inside(arguments[0], str(run.folder), *arguments[1:]).returncode == 1, arguments
    assert all(c["threshold"] for c in run.graded()["criteria"])


def test_07_every_output_gives_one_verdict(sound_run, inside):
    run = sound_run()
    run.change("code", {"security.code_high": 1})
    graded = inside("grade", str(run.folder))
    document = run.graded()
    assert document["grade"]["score_low"] > 0.9  # the trap: a nice percentage beside a no go
    assert (document["decision"], document["grade"]["low"], document["grade"]["high"]) == ("no_go", "D", "D")
    assert graded.returncode == 1
    head, _, body = plain(document["decision_reason"]).partition(": ")
    for output in (graded.stdout, run.report("html"), run.report("md"), inside("gate", str(run.folder)).stdout):
        assert head in plain(output)
        assert body[1:] in plain(output)  # a page may begin a sentence there
    percent = f"{100 * document['grade']['score_low']:.1f}"
    assert f"{percent}%" not in plain(run.report("html")).replace(" %", "%")
    suite = ElementTree.fromstring(run.report("junit"))
    assert sum(1 for _ in suite.iter("failure")) == 1


@pytest.mark.parametrize(
    ("name", "fact", "criterion"),
    [
        ("load", "load.users_held", "capacity.population"),
        ("load", "load.headroom", "capacity.headroom"),
        ("manifests", "k8s.replicas_min", "resilience.replicas"),
        ("http", "security.hsts_max_age", "security.hsts"),
        ("dependencies", "security.dependencies_audited_share", "security.dependencies-audited"),
        ("traces", "trace.arrived_share", "operations.traces"),
    ],
)
def test_08_a_measured_zero_is_not_taken_for_full_marks(sound_run, name, fact, criterion):
    run = sound_run()
    assert criteria(run.graded())[criterion]["verdict"] == "pass"
    run.change(name, {fact: 0})
    found = criteria(run.graded())[criterion]
    assert found["verdict"] not in NEVER
    assert re.match(r"(The measurement falls short: )?0\b", found["reason"]), found["reason"]


@pytest.mark.parametrize("name", ["load", "http", "code", "dependencies", "pages", "manifests", "traces"])
def test_09_a_missing_file_is_unknown_and_never_a_go(sound_run, inside, name):
    run = sound_run()
    before = run.graded()
    (run.evidence / f"{name}.json").unlink()
    gate = inside("gate", str(run.folder))
    document = run.graded()
    asked = [c for c in document["criteria"] if c["evidence"] and c["evidence"][0].startswith(f"{name}.json")]
    assert asked == []
    lost = {c["id"] for c in document["criteria"] if c["verdict"] == "unknown"}
    assert lost
    assert {c["id"] for c in before["criteria"] if c["verdict"] == "unknown"} == set()
    blocking = any(criteria(document)[i]["blocking"] for i in lost)
    assert gate.returncode == (2 if blocking else 0)
    assert document["grade"]["score_low"] < 1.0
    assert document["coverage"] < 1.0


def test_09_a_word_that_nobody_knows_is_not_the_best_one(sound_run):
    run = sound_run()
    run.change("declarations", {"declared.vde.feasible-online": "certainly"})
    document = run.graded()
    assert criteria(document)["user-service.feasible-online"]["verdict"] == "fail"
    assert next(i for i in document["indicators"] if i["id"] == "vde.feasible-online")["colour"] == "grey"


def test_10_a_dead_server_that_answers_fast_passes_nothing(sound_run, inside):
    run = sound_run()
    fast = {"load.p95": 0.0006, "load.peak_p95": 0.0006, "load.error_rate": 1.0, "load.peak_error_rate": 1.0}
    run.change("load", fast)
    assert inside("gate", str(run.folder)).returncode == 1
    document = run.graded()
    for name in ("capacity.p95", "capacity.peak-p95", "user-service.load-time-at-peak"):
        assert criteria(document)[name]["verdict"] == "unknown", name
    assert next(i for i in document["indicators"] if i["id"] == "vde.load-time")["colour"] == "grey"


DEAD = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *a):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_10_a_server_that_really_answers_nothing_but_errors_in_a_blink_is_no_go(poc, portance):
    (poc / "poc.py").write_text(DEAD, encoding="utf-8")
    project = (poc / "portance.toml").read_text(encoding="utf-8")
    (poc / "portance.toml").write_text(project.replace("[target]", '[target]\nhealth = "/healthz"'), encoding="utf-8")
    said = portance("run", "--only", "load,demand", "--profile", "smoke", "--json", cwd=poc)
    assert said.stdout, said.stderr
    document = json.loads(said.stdout)
    assert (said.returncode, document["decision"]) == (2, "undetermined")
    found = criteria(document)
    latencies = ("capacity.p95", "capacity.peak-p95", "user-service.load-time-at-peak")
    assert {found[name]["verdict"] for name in latencies} == {"unknown"}
    assert found["capacity.population"]["verdict"] == "unknown"
    assert "answered 500" in found["capacity.population"]["reason"]
    assert {i["colour"] for i in document["indicators"]} == {"grey"}


def test_11_percentiles_are_compared_as_measured(sound_run):
    run = sound_run(more='[objectives]\np95 = "800 ms"\n')
    run.change("load", {"load.p95": 0.8, "load.peak_p95": 0.8})
    assert criteria(run.graded())["capacity.p95"]["verdict"] == "pass"  # the control: on the line
    run.change("load", {"load.p95": 0.8049, "load.peak_p95": 0.8049})
    found = criteria(run.graded())["capacity.p95"]
    assert (found["verdict"], found["value"]) == ("fail", 0.8049)
    assert "805\u202fms" in found["reason"]


def test_unknown_never_passes_whatever_single_file_is_lost_or_aged(sound_run, inside):
    run = sound_run()
    late = TODAY + timedelta(days=4000)
    assert inside("gate", str(run.folder), "--on", late.isoformat()).returncode == 2
    document = run.graded("--on", late.isoformat())
    assert {c["verdict"] for c in document["criteria"]} <= {Verdict.UNKNOWN.value, Verdict.NOT_APPLICABLE.value}
    assert (document["coverage"], document["confidence"]) == (0.0, 0.0)


def plain(text):
    """Words only: no tags, entities, colours or special spaces."""
    text = re.sub(r"\x1b\[[0-9;]*m|<[^>]+>", "", text)
    return " ".join(unescape(text).replace("\\", "").replace("\u202f", " ").replace("\u00a0", " ").split())
