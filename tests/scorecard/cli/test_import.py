"""``portance import`` and ``import-objectives`` on a run folder, as a user calls them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from scorecard.criteria import Criterion, catalogue

SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "Scan", "version": "1.2", "rules": [{"id": "R1"}]}},
            "invocations": [{"executionSuccessful": True, "endTimeUtc": "2026-11-20T10:00:00Z"}],
            "results": [
                {
                    "ruleId": "R1",
                    "message": {"text": "password = 'hunter2-correct-horse'"},
                    "locations": [
                        {"physicalLocation": {"artifactLocation": {"uri": "src/a.py"}, "region": {"startLine": 3}}}
                    ],
                },
                {"ruleId": "R1", "kind": "pass", "message": {"text": "fine"}},
            ],
        }
    ],
}
K6 = {"metrics": {"http_reqs": {"count": 9, "rate": 1.5}, "http_req_duration": {"p(95)": 250}}}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder that observed nothing yet."""
    folder = tmp_path / "run"
    (folder / "evidence").mkdir(parents=True)
    (folder / "portance.toml").write_text('[project]\nname = "Aid"\nusers = 1000\n\n[target]\n', encoding="utf-8")
    (folder / "run.json").write_text('{"state": "completed"}', encoding="utf-8")
    return folder


@pytest.fixture
def called(portance, tmp_path: Path):
    """The command, called from the temporary folder."""
    return lambda *arguments: portance(*arguments, cwd=tmp_path)


def written(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_findings_of_another_scanner_are_kept_redacted_with_their_source(run: Path, tmp_path: Path, called) -> None:
    file = written(tmp_path / "scan.sarif", SARIF)
    done = called("import", str(file), "--as", "sarif", "--run", str(run), "--link", "https://ci.example/42")
    assert done.returncode == 0, done.stderr
    evidence = json.loads((run / "evidence" / "imported-sarif.json").read_text(encoding="utf-8"))
    assert {f["id"]: f["value"] for f in evidence["facts"]} == {
        "imported.sarif.critical": 0,
        "imported.sarif.high": 0,
        "imported.sarif.medium": 1,
        "imported.sarif.low": 0,
    }
    assert evidence["findings"][0]["location"] == "src/a.py:3"
    assert evidence["provenance"]["started"].startswith("2026-11-20T10:00:00")
    assert evidence["provenance"]["machine"] is None
    assert "Scan 1.2 · scan.sarif (sha256:" in evidence["facts"][0]["source"]
    assert evidence["facts"][0]["source"].endswith("https://ci.example/42")
    every = "".join(p.read_text(encoding="utf-8", errors="replace") for p in run.rglob("*") if p.is_file())
    assert "hunter2" not in every
    assert "imported-sarif" in (run / "scorecard.html").read_text(encoding="utf-8")


def test_a_file_without_a_date_asks_for_one_and_writes_nothing(run: Path, tmp_path: Path, called) -> None:
    file = written(tmp_path / "summary.json", K6)
    done = called("import", str(file), "--as", "k6", "--run", str(run))
    assert done.returncode == 2
    assert "--observed" in done.stderr
    assert list((run / "evidence").iterdir()) == []
    dated = called("import", str(file), "--as", "k6", "--run", str(run), "--observed", "2026-11-21", "--json")
    assert dated.returncode == 0, dated.stderr
    facts = {f["id"]: f["value"] for f in json.loads(dated.stdout)["facts"]}
    assert facts["imported.k6.p95"] == 0.25


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as", "k6", "--observed", "2999-01-01"], "future"),
        (["--as", "jmeter"], "known: k6"),
        (["--as", "k6", "--name", "../x", "--observed", "2026-11-21"], "name '../x'"),
        (["--as", "gatling", "--observed", "2026-11-21"], "numberOfRequests"),
        (["--as", "sarif", "--observed", "2026-11-21"], "SARIF"),
    ],
)
def test_what_cannot_be_taken_over_is_one_line_and_exit_code_2(
    run: Path, tmp_path: Path, called, arguments: list[str], said: str
) -> None:
    file = written(tmp_path / "summary.json", K6)
    done = called("import", str(file), "--run", str(run), *arguments, "--lang", "en")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list((run / "evidence").iterdir()) == []


def test_a_scan_that_failed_is_not_taken_for_a_clean_one(run: Path, tmp_path: Path, called) -> None:
    failed = json.loads(json.dumps(SARIF))
    failed["runs"][0]["invocations"][0]["executionSuccessful"] = False
    failed["runs"][0]["results"] = []
    for document in (failed, {"version": "2.1.0", "runs": []}):
        done = called("import", str(written(tmp_path / "s.sarif", document)), "--as", "sarif", "--run", str(run))
        assert done.returncode == 2
        assert list((run / "evidence").iterdir()) == []


def test_objectives_of_keptn_become_a_folder_of_criteria(tmp_path: Path, called) -> None:
    slo = tmp_path / "slo.yaml"
    slo.write_text(
        "objectives:\n"
        '  - {sli: response_time_p95, pass: [{criteria: ["<400"]}], key_sli: true}\n'
        '  - {sli: depth, pass: [{criteria: ["<=10"]}]}\n'
        "  - {sli: throughput}\n",
        encoding="utf-8",
    )
    folder = tmp_path / "own"
    folder.mkdir()
    done = called(
        "import-objectives",
        str(slo),
        "-o",
        str(folder / "keptn.toml"),
        "--sli",
        "depth=imported-k6:imported.k6.depth:count",
    )
    assert done.returncode == 1, done.stderr
    assert "throughput" in done.stderr
    tables = tomllib.loads((folder / "keptn.toml").read_text(encoding="utf-8"))["criteria"]
    criteria = [Criterion.model_validate(table) for table in tables]
    assert [(c.id, c.pass_, c.exclusive) for c in criteria] == [
        ("own.response-time-p95", 0.4, True),
        ("own.depth", 10.0, False),
    ]
    assert {c.id for c in catalogue(folder)} == {"own.response-time-p95", "own.depth"}


def test_a_meaning_of_the_wrong_form_is_refused(tmp_path: Path, called) -> None:
    slo = tmp_path / "slo.yaml"
    slo.write_text('objectives: [{sli: depth, pass: [{criteria: ["<=10"]}]}]\n', encoding="utf-8")
    for given in ("depth", "depth=a:b", "depth=a:b:furlong", "depth=a:b:s:0"):
        done = called("import-objectives", str(slo), "--sli", given)
        assert done.returncode == 2
        assert given in done.stderr
