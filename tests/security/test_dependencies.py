"""Dependencies: a package that was not audited, and a source that knows little or is old, clear nothing."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path

import pytest

from scorecard.evidence import Severity, Status
from security import dependencies
from security.tool import Tool

TODAY = date(2026, 11, 22)
HASH = "--hash=sha256:" + "0" * 64


@pytest.fixture
def requirements(tmp_path: Path):
    def write(text: str) -> str:
        (tmp_path / "requirements.txt").write_text(text)
        return "requirements.txt"

    return write


@pytest.fixture
def audit(make_site, requirements):
    """Audit requirements against a local source."""

    def run(text: str, source: str, **security):
        site = make_site(requirements=requirements(text), security={"advisories": source, **security})
        return dependencies.collect(site, today=TODAY)

    return run


def test_a_vulnerable_version_is_found_with_its_remedy(audit, advisories, osv, fact):
    source = advisories(osv("PYSEC-2026-1", "Weak.Lib", fixed="1.5", aliases=["CVE-2026-1"]))
    evidence = audit(f"weak_lib==1.4 {HASH}\nsound==1 {HASH}\n", source)
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.vulnerable_dependencies").value == 1
    assert fact(evidence, "security.dependencies_audited_share").value == 1.0
    assert fact(evidence, "security.dependencies_locked").value is True
    assert fact(evidence, "security.advisories_age").value == 2.0
    (finding,) = evidence.findings
    assert finding.location == "pkg:pypi/weak-lib@1.4"
    assert finding.remedy == "Upgrade weak-lib to 1.5 or later."
    assert finding.severity is Severity.HIGH, "an unknown severity counts as high"
    assert "severity is not given" in finding.message


def test_the_mended_version_is_clean(audit, advisories, osv, fact):
    source = advisories(osv("PYSEC-2026-1", "weak-lib", fixed="1.5"))
    evidence = audit(f"weak-lib==1.5 {HASH}\n", source)
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.vulnerable_dependencies").value == 0


def test_one_vulnerability_under_several_names_is_one_finding(audit, advisories, osv):
    source = advisories(
        osv("GHSA-aaaa", "weak-lib", aliases=["CVE-2026-1"]), osv("PYSEC-2026-1", "weak-lib", aliases=["CVE-2026-1"])
    )
    assert [finding.rule for finding in audit("weak-lib==1\n", source).findings] == ["PYSEC-2026-1"]


def test_a_withdrawn_advisory_and_one_of_another_ecosystem_are_ignored(audit, advisories, osv, fact):
    other = osv("X-2", "weak-lib")
    other["affected"][0]["package"]["ecosystem"] = "npm"
    source = advisories(osv("X-1", "weak-lib", withdrawn="2026-01-01T00:00:00Z"), other)
    assert fact(audit("weak-lib==1\n", source), "security.vulnerable_dependencies").value == 0


def test_severity_comes_from_the_vector_or_the_database(audit, advisories, osv):
    vector = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}
    source = advisories(osv("A-1", "a", **vector), osv("B-1", "b", database_specific={"severity": "MODERATE"}))
    found = {finding.rule: finding.severity for finding in audit("a==1\nb==1\n", source).findings}
    assert found == {"A-1": Severity.CRITICAL, "B-1": Severity.MEDIUM}


@pytest.mark.parametrize(
    ("version", "affected"),
    [("0.9", False), ("1.0", True), ("1.4.9", True), ("1.5", False), ("2.0rc1", False), ("2.1", True)],
)
def test_ranges_open_and_close_as_the_schema_says(audit, advisories, osv, fact, version, affected):
    record = osv("X-1", "a")
    record["affected"][0]["ranges"] = [
        {
            "type": "ECOSYSTEM",
            "events": [{"introduced": "2.0"}, {"last_affected": "2.1"}, {"introduced": "1.0"}, {"fixed": "1.5"}],
        },
        {"type": "GIT", "events": [{"introduced": "0"}]},
    ]
    evidence = audit(f"a=={version}\n", advisories(record))
    assert fact(evidence, "security.vulnerable_dependencies").value == int(affected)


def test_a_listed_version_is_affected_however_it_is_written(audit, advisories, osv, fact):
    record = osv("X-1", "a")
    record["affected"][0] = {"package": {"ecosystem": "PyPI", "name": "A"}, "versions": ["not-a-version", "1.0.0"]}
    assert fact(audit("a==1.0\n", advisories(record)), "security.vulnerable_dependencies").value == 1


def test_a_range_that_makes_no_sense_leaves_the_package_unaudited(audit, advisories, osv, assert_unknown):
    evidence = audit("a==1\n", advisories(osv("X-1", "a", fixed="0.2.0-n653")))
    assert_unknown(evidence, "security.vulnerable_dependencies", "pkg:pypi/a@1")


def test_an_old_source_clears_nothing_but_what_it_finds_stands(audit, advisories, osv, fact, assert_unknown):
    source = advisories(
        osv("PYSEC-2014-8", "jinja2", fixed="2.7.2", modified="2024-01-01T00:00:00Z"),
        osv("X-1", "weak", modified="2024-01-01T00:00:00Z"),
        control=False,
    )
    evidence = audit("sound==1\n", source)
    assert evidence.status is Status.DEGRADED
    assert_unknown(evidence, "security.vulnerable_dependencies", "days ago")
    assert fact(evidence, "security.advisories_age").value == 1056.0
    found = fact(audit("weak==1\n", source), "security.vulnerable_dependencies")
    assert (found.value, found.low) == (1, 1)
    assert found.reason.en.startswith("at least")
    assert fact(audit("sound==1\n", source, advisories_max_age=2000), "security.vulnerable_dependencies").value == 0


def test_a_source_that_does_not_know_the_control_clears_nothing(audit, advisories, osv, fact, assert_unknown):
    evidence = audit("sound==1\n", advisories(osv("X-1", "weak"), control=False))
    assert_unknown(evidence, "security.vulnerable_dependencies", "vulnerable since 2014")
    assert fact(evidence, "security.dependencies_audited_share").value == 0.0


def test_a_damaged_source_clears_nothing(audit, advisories, tmp_path, assert_unknown):
    source = advisories()
    with (tmp_path / source).open("a") as file:
        file.write('{"id": "cut sho')
    assert_unknown(audit("sound==1\n", source), "security.vulnerable_dependencies", "cannot be read")


def test_a_source_from_the_future_clears_nothing(audit, advisories, osv, assert_unknown):
    source = advisories(osv("X-1", "weak", modified="2030-01-01T00:00:00Z"))
    assert_unknown(audit("sound==1\n", source), "security.vulnerable_dependencies", "future")


def test_a_folder_and_a_compressed_file_are_sources_too(audit, advisories, osv, tmp_path, fact):
    folder = tmp_path / "osv"
    folder.mkdir()
    for record in (osv("PYSEC-2014-8", "jinja2", fixed="2.7.2"), osv("X-1", "weak")):
        (folder / f"{record['id']}.json").write_text(json.dumps(record))
    assert fact(audit("weak==1\n", "osv"), "security.vulnerable_dependencies").value == 1
    plain = tmp_path / advisories(osv("X-1", "weak"))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert fact(audit("weak==1\n", "a.jsonl.gz"), "security.vulnerable_dependencies").value == 1


def test_a_compressed_file_cut_short_clears_nothing(audit, advisories, osv, tmp_path, assert_unknown):
    plain = tmp_path / advisories(*(osv(f"X-{n}", f"p{n}", details="x" * n) for n in range(500)))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes())[:-200])
    assert_unknown(audit("sound==1\n", "a.jsonl.gz"), "security.vulnerable_dependencies", "cannot be read")


@pytest.mark.parametrize("content", [None, "", "[]\n"])
def test_a_source_that_is_missing_or_holds_nothing_clears_nothing(audit, tmp_path, fact, assert_unknown, content):
    if content is not None:
        (tmp_path / "a.jsonl").write_text(content)
    evidence = audit(f"sound==1 {HASH}\n", "a.jsonl")
    assert evidence.status is Status.DEGRADED
    assert_unknown(evidence, "security.vulnerable_dependencies", "a.jsonl")
    assert fact(evidence, "security.dependencies_locked").value is True, "the file itself was read"


def test_what_is_not_pinned_is_not_audited(audit, advisories, fact, assert_unknown):
    evidence = audit("sound==1\nloose>=2\ngit+https://user:hunter-secret@host/x\n", advisories())
    assert evidence.status is Status.DEGRADED
    assert_unknown(evidence, "security.vulnerable_dependencies", "loose")
    assert fact(evidence, "security.dependencies_audited_share").value == 0.3333
    assert fact(evidence, "security.dependencies_locked").value is False
    assert "hunter" not in evidence.model_dump_json()


def test_without_requirements_it_is_skipped_and_says_which_key_to_add(make_site, assert_unknown):
    evidence = dependencies.collect(make_site(), today=TODAY)
    assert evidence.status is Status.SKIPPED
    assert_unknown(evidence, "security.vulnerable_dependencies", "target.requirements")


def test_requirements_that_cannot_be_read_are_an_error(make_site, assert_unknown):
    evidence = dependencies.collect(make_site(requirements="nowhere.txt"), today=TODAY)
    assert evidence.status is Status.ERROR
    assert_unknown(evidence, "security.dependencies_locked", "nowhere.txt")


# What pip-audit 2.10 wrote: where the service has advisories, and where it has none.
_SKIPPED = "Dependency not found on PyPI and could not be audited: sound (1)"
_KNOWN = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": []}],
}
_WEAK = {
    "name": "weak",
    "version": "1",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.5"], "aliases": ["CVE-2026-1"]}],
}


@pytest.fixture
def online(make_site, requirements, fake_tool, patience):
    """Audit through a pip-audit that answers as given."""

    def run(text: str, *answers: dict, then: str | None = None, exit_code: int = 0):
        report = json.dumps({"dependencies": list(answers), "fixes": []})
        tool = fake_tool(then if then is not None else f"print({report!r}); sys.exit({exit_code})")
        return dependencies.collect(
            make_site(requirements=requirements(text)), today=TODAY, tool=tool, timeout_s=patience(tool)
        )

    return run


def test_what_the_service_reports_is_found(online, fact):
    evidence = online("weak==1\n", _KNOWN, _WEAK, exit_code=1)
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.vulnerable_dependencies").value == 1
    assert fact(evidence, "security.advisories_age").value == 0.0
    assert [finding.location for finding in evidence.findings] == ["pkg:pypi/weak@1"], "the control is no finding"


def test_what_the_service_clears_is_clean(online, fact):
    evidence = online("sound==1\n", _KNOWN, {"name": "sound", "version": "1", "vulns": []}, exit_code=1)
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.vulnerable_dependencies").value == 0


def test_a_skipped_package_is_not_clean(online, fact, assert_unknown):
    evidence = online("sound==1\n", _KNOWN, {"name": "sound", "skip_reason": _SKIPPED}, exit_code=1)
    assert_unknown(evidence, "security.vulnerable_dependencies", "pkg:pypi/sound@1")
    assert fact(evidence, "security.dependencies_audited_share").value == 0.0


def test_a_package_that_the_report_leaves_out_is_not_clean(online, assert_unknown):
    assert_unknown(online("sound==1\n", _KNOWN), "security.vulnerable_dependencies", "pkg:pypi/sound@1")


def test_no_known_vulnerabilities_of_a_service_without_data_is_not_clean(online, fact, assert_unknown):
    everything = [
        {"name": name, "version": version, "vulns": []} for name, version in (("jinja2", "2.4.1"), ("sound", "1"))
    ]
    evidence = online("sound==1\n", *everything)
    assert_unknown(evidence, "security.vulnerable_dependencies", "no advisory data")
    assert fact(evidence, "security.advisories_age").value is None


@pytest.mark.parametrize(
    ("then", "word"),
    [
        ("print('No known vulnerabilities found')", "cannot be read"),
        (
            "sys.stderr.write('requests.exceptions.ConnectionError: HTTPSConnectionPool'); sys.exit(1)",
            "cannot be reached",
        ),
        ("sys.stderr.write('boom'); sys.exit(1)", "exit code 1: boom"),
        ("sys.exit(2)", "exit code 2"),
        ("time.sleep(60)", "not finished"),
    ],
)
def test_a_tool_that_misbehaves_clears_nothing(online, assert_unknown, then, word):
    evidence = online("sound==1\n", then=then)
    assert evidence.status is Status.DEGRADED
    assert_unknown(evidence, "security.vulnerable_dependencies", word)


def test_an_absent_tool_clears_nothing(make_site, requirements, assert_unknown):
    tool = Tool("pip-audit", ("/nowhere/pip-audit",))
    evidence = dependencies.collect(make_site(requirements=requirements("a==1\n")), today=TODAY, tool=tool)
    assert_unknown(evidence, "security.vulnerable_dependencies", "is it installed?")


def test_two_versions_of_one_package_are_asked_about_in_two_rounds(make_site, requirements, fake_tool, fact):
    tool = fake_tool(
        "import json\n"
        "pins = [line.strip().split('==') for line in open('pins.txt')]\n"
        "assert len({name for name, _ in pins}) == len(pins)\n"
        "vulns = lambda name, version: [{'id': 'X-1', 'fix_versions': []}] if version in ('1', '2.4.1') else []\n"
        "print(json.dumps({'dependencies': [{'name': n, 'version': v, 'vulns': vulns(n, v)} for n, v in pins]}))"
    )
    site = make_site(requirements=requirements("numpy==1 ; python_version < '3'\nnumpy==2\njinja2==3.1\n"))
    evidence = dependencies.collect(site, today=TODAY, tool=tool)
    assert evidence.status is Status.COMPLETED
    assert [finding.location for finding in evidence.findings] == ["pkg:pypi/numpy@1"]


def test_without_network_the_real_tool_clears_nothing(make_site, requirements, monkeypatch, assert_unknown):
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    evidence = dependencies.collect(make_site(requirements=requirements("jinja2==3.1.6\n")), today=TODAY)
    assert evidence.status is Status.DEGRADED
    assert_unknown(evidence, "security.vulnerable_dependencies", "cannot be reached")
