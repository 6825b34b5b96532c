"""semgrep and checkov: used where they are installed, unknown with a reason where they are not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from scorecard.criteria import catalogue
from scorecard.evidence import Status
from security import extras
from security.tool import SCANNERS_FOLDER

SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "Semgrep OSS", "rules": [{"id": "visitor-value-as-path"}]}},
            "results": [
                {
                    "ruleId": "visitor-value-as-path",
                    "level": "error",
                    "message": {"text": "A path is made of what a visitor gives"},
                    "locations": [
                        {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 3}}}
                    ],
                }
            ],
        }
    ],
}
CHECKOV = [
    {
        "check_type": "dockerfile",
        "results": {
            "failed_checks": [
                {
                    "check_id": "CKV_DOCKER_3",
                    "check_name": "Ensure that a user for the container has been created",
                    "file_path": "/Containerfile",
                    "file_line_range": [1, 2],
                }
            ]
        },
    }
]


@pytest.fixture
def install(tmp_path: Path, monkeypatch):
    def put(name: str, says: object) -> None:
        folder = tmp_path / "scanners"
        folder.mkdir(exist_ok=True)
        says = f"print('9.9.9' if '--version' in sys.argv else {json.dumps(says)!r})"
        (folder / name).write_text(f"#!{sys.executable}\nimport sys\n{says}\n")
        (folder / name).chmod(0o755)
        monkeypatch.setenv(SCANNERS_FOLDER, str(folder))

    return put


def test_semgrep_is_used_where_it_is_installed(make_site, install, tmp_path, fact):
    install("semgrep", SARIF)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("x = 1\n")
    evidence = extras.collect(extras.SEMGREP, make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    (found,) = evidence.findings
    assert (found.location, found.cwe, found.severity.value) == ("src/a.py:3", "CWE-22", "high")
    assert fact(evidence, "security.semgrep_high").value == 1
    assert str(tmp_path) not in evidence.model_dump_json()


def test_checkov_is_used_where_it_is_installed(make_site, install, tmp_path, fact):
    install("checkov", CHECKOV)
    (tmp_path / "Containerfile").write_text("FROM a:1\n")
    evidence = extras.collect(extras.CHECKOV, make_site())
    assert evidence.status is Status.COMPLETED
    (found,) = evidence.findings
    assert found.location == "Containerfile:1"
    assert fact(evidence, "security.checkov_low").value == 1


def test_a_checkov_that_found_nothing_to_check_clears_nothing(make_site, install, tmp_path, assert_unknown):
    install("checkov", {"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0})
    (tmp_path / "Containerfile").write_text("FROM a:1\n")
    assert_unknown(extras.collect(extras.CHECKOV, make_site()), "security.checkov_low", "nothing to check")


def test_no_criterion_asks_for_an_extra():
    assert not {one.evidence for one in catalogue()} & {"semgrep", "checkov"}


def test_every_own_rule_of_semgrep_has_its_weakness():
    import yaml

    rules = yaml.safe_load((Path(extras.__file__).parent / "semgrep.yaml").read_text())["rules"]
    assert {one["id"]: one["metadata"]["cwe"] for one in rules} == extras.CWE_OF_SEMGREP
