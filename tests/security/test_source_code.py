"""bandit over a source folder: what is planted is found, what is not read makes the counts unknown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scorecard.evidence import Severity, Status
from security import own_rules, source_code
from security.code_rules import RULES, rule
from security.tool import Tool

WEAK = """import hashlib, subprocess, yaml

password = "zeppelin-orchard-92"


def find(cursor, name, command, text):
    cursor.execute(f"SELECT * FROM people WHERE name = '{name}'")
    subprocess.run(command, shell=True)
    yaml.load(text)
    return hashlib.md5(text).hexdigest()
"""
CLEAN = """import hashlib


def find(cursor, name, text):
    cursor.execute("SELECT * FROM people WHERE name = %s", [name])
    return hashlib.sha256(text).hexdigest()
"""

ABSENT = Tool("ruff", ("/nowhere/ruff",))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    return folder


def test_planted_defects_are_found_placed_and_remedied(make_site, source, fact):
    (source / "weak.py").write_text(WEAK)
    evidence = source_code.collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    found = {finding.rule: finding for finding in evidence.findings}
    assert {"B105", "B324", "B506", "B602", "B608"} <= found.keys()
    assert found["B608"].location == "src/weak.py:7"
    assert found["B608"].cwe == "CWE-89"
    assert found["B608"].asvs == "v5.0.0-1.2.4"
    assert all(finding.remedy and finding.fingerprint.startswith("sha256:") for finding in evidence.findings)
    assert fact(evidence, "security.code_high").value == 4
    assert fact(evidence, "security.code_files").value == 1


def test_the_clean_twin_has_no_finding(make_site, source, fact):
    (source / "clean.py").write_text(CLEAN)
    evidence = source_code.collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    assert evidence.findings == ()
    assert fact(evidence, "security.code_high").value == 0


def test_a_mark_is_listed_and_counted_apart(make_site, source, fact):
    (source / "marked.py").write_text(
        "import hashlib\nhashlib.md5(b'')  # nosec B324\nhashlib.sha1(b'')  # nosec B608\n"
        "hashlib.md5(b'1')  # noqa: E501, S324 (why)\nhashlib.md5(b'2')  # noqa\nhashlib.md5(b'3')  # nosec\n"
    )
    evidence = source_code.collect(make_site(source="src"))
    assert fact(evidence, "security.code_suppressed").value == 3
    assert fact(evidence, "security.code_high").value == 2, "a mark for another rule, or for none, covers nothing"
    assert [finding.suppression is not None for finding in evidence.findings] == [False, False, True, True, True]


def test_no_file_escapes_by_its_name_or_by_a_bandit_file_of_the_project(make_site, source, fact):
    (source / ".bandit").write_text("[bandit]\nskips: B324\nexclude: /\n")
    for name in ("CVS_reader.py", "my.github.py", "-x.py", "a.egg.py"):
        (source / name).write_text("import hashlib\nhashlib.md5(b'')\n")
    evidence = source_code.collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.code_high").value == 4


def test_tests_and_environments_are_left_out_and_said_to_be(make_site, source, fact):
    (source / "clean.py").write_text(CLEAN)
    for name in ("tests", ".venv", "env"):
        (source / name).mkdir()
        (source / name / "weak.py").write_text(WEAK)
    (source / "env" / "pyvenv.cfg").write_text("")
    (source / "test_weak.py").write_text(WEAK)
    evidence = source_code.collect(make_site(source="src"))
    high = fact(evidence, "security.code_high")
    assert high.value == 0
    assert "tests" in high.detail
    assert "env" in high.detail


def test_equal_findings_have_fingerprints_of_their_own_that_survive_a_moved_line(make_site, source):
    (source / "a.py").write_text("import hashlib\nhashlib.md5(b'')\nhashlib.md5(b'')\n")
    before = {f.fingerprint for f in source_code.collect(make_site(source="src")).findings}
    (source / "a.py").write_text("import hashlib\n\n\nhashlib.md5(b'')\nhashlib.md5(b'')\n")
    after = {f.fingerprint for f in source_code.collect(make_site(source="src")).findings}
    assert len(before) == 2
    assert before == after


def test_a_file_that_is_not_python_makes_the_counts_unknown_and_the_rest_goes_on(
    make_site, source, fact, assert_unknown
):
    (source / "weak.py").write_text("import hashlib\nhashlib.md5(b'')\n")
    (source / "latin.py").write_bytes("nom = 'é'\n".encode("latin-1"))
    evidence = source_code.collect(make_site(source="src"))
    assert evidence.status is Status.DEGRADED
    assert_unknown(evidence, "security.code_medium", "latin.py")
    high = fact(evidence, "security.code_high")
    assert (high.value, high.low) == (1, 1), "what was found stands, as a lower bound"
    assert high.reason is not None


def test_latin_1_that_says_so_is_read(make_site, source):
    (source / "latin.py").write_bytes("# -*- coding: latin-1 -*-\nnom = 'é'\n".encode("latin-1"))
    assert source_code.collect(make_site(source="src")).status is Status.COMPLETED


def test_links_out_of_the_tree_and_in_circles_are_gaps_and_inner_ones_are_not(make_site, source, tmp_path):
    (source / "clean.py").write_text(CLEAN)
    (source / "inner.py").symlink_to("clean.py")
    (source / "loop").symlink_to(".")
    assert source_code.collect(make_site(source="src")).status is Status.COMPLETED
    (tmp_path / "outside").mkdir()
    (source / "away").symlink_to(tmp_path / "outside")
    (source / "circle.py").symlink_to("circle.py")
    evidence = source_code.collect(make_site(source="src"))
    assert evidence.status is Status.DEGRADED
    assert "away" in evidence.reason.en
    assert "circle.py" in evidence.reason.en


def test_a_pipe_in_the_source_is_a_gap_and_does_not_hang(make_site, source, assert_unknown):
    (source / "clean.py").write_text(CLEAN)
    os.mkfifo(source / "pipe.py")
    assert_unknown(source_code.collect(make_site(source="src")), "security.code_high", "pipe.py")


def test_an_unreadable_file_is_a_gap(make_site, source, assert_unknown):
    (source / "clean.py").write_text(CLEAN)
    (source / "closed.py").write_text(CLEAN)
    (source / "closed.py").chmod(0)
    if os.access(source / "closed.py", os.R_OK):
        pytest.skip("this user reads every file")
    assert_unknown(source_code.collect(make_site(source="src")), "security.code_high", "closed.py")


def test_an_empty_folder_is_unknown(make_site, source, assert_unknown):
    assert_unknown(source_code.collect(make_site(source="src")), "security.code_high", "no Python file")


def test_a_missing_folder_is_an_error(make_site, assert_unknown):
    evidence = source_code.collect(make_site(source="nowhere"))
    assert evidence.status is Status.ERROR
    assert_unknown(evidence, "security.code_high", "not a folder")


def test_without_source_it_is_skipped_and_says_which_key_to_add(make_site, assert_unknown):
    evidence = source_code.collect(make_site())
    assert evidence.status is Status.SKIPPED
    assert_unknown(evidence, "security.code_high", "target.source")


@pytest.mark.parametrize(
    ("then", "word"),
    [
        ("print('no json')", "cannot be read"),
        ("print('{}')", "cannot be read"),
        ('print(\'{"results": [{}], "errors": [], "metrics": {}}\')', "cannot be read"),
        ('print(\'{"results": [], "errors": [{}], "metrics": {}}\')', "cannot be read"),
        ("sys.exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), 9)", "exit code -9"),
        ("time.sleep(60)", "not finished"),
        ('print(\'{"results": [], "errors": [], "metrics": {}}\')', "did not account"),
    ],
)
def test_a_scanner_that_misbehaves_clears_nothing(make_site, source, fake_tool, patience, assert_unknown, then, word):
    (source / "weak.py").write_text(WEAK)
    tool = fake_tool(then)
    evidence = source_code.collect(make_site(source="src"), tool=tool, second=ABSENT, timeout_s=patience(tool))
    assert_unknown(evidence, "security.code_high", word)


def test_a_module_in_the_source_does_not_replace_the_scanner(make_site, source, fact):
    (source / "bandit.py").write_text("raise SystemExit('hijacked')\n")
    (source / "json.py").write_text("raise SystemExit('hijacked')\n")
    evidence = source_code.collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.code_files").value == 2


def test_evidence_names_the_tool_and_its_command_but_no_folder_of_this_machine(make_site, source, tmp_path):
    (source / "weak.py").write_text(WEAK)
    evidence = source_code.collect(make_site(source="src"))
    assert evidence.provenance.tool == "bandit"
    assert evidence.provenance.version[0].isdigit()
    assert "bandit" in evidence.provenance.command
    assert str(tmp_path) not in evidence.model_dump_json()
    assert str(Path.home()) + "/" not in evidence.model_dump_json()


def test_a_source_elsewhere_on_the_machine_is_named_without_its_folder(make_site, source, tmp_path, fact):
    (source / "weak.py").write_text(WEAK)
    evidence = source_code.collect(make_site(source=str(source)))
    assert fact(evidence, "security.code_files").value == 1
    assert str(tmp_path) not in evidence.model_dump_json()
    assert str(tmp_path) not in source_code.collect(make_site(source=str(tmp_path / "nowhere"))).model_dump_json()


def test_low_confidence_lowers_the_severity_and_an_unlisted_rule_keeps_its_own():
    sure = rule("B608", tool_severity="MEDIUM", confidence="HIGH", cwe=89)
    unsure = rule("B608", tool_severity="MEDIUM", confidence="LOW", cwe=89)
    assert (sure.severity, unsure.severity) == (Severity.HIGH, Severity.MEDIUM)
    unlisted = rule("B999", tool_severity="HIGH", confidence="HIGH", cwe=20)
    assert (unlisted.severity, unlisted.cwe) == (Severity.HIGH, "CWE-20")
    assert rule("B999", tool_severity="", confidence="", cwe=None).severity is Severity.MEDIUM


@pytest.mark.filterwarnings("ignore:The verify_requirements argument:DeprecationWarning")  # bandit's own
def test_every_rule_of_the_installed_bandit_is_in_the_table():
    from bandit.core.extension_loader import MANAGER

    known = {plugin.plugin._test_id for plugin in MANAGER.plugins}
    known |= {entry["id"] for entries in MANAGER.blacklist.values() for entry in entries}
    assert known - RULES.keys() == set()


def test_what_two_tools_say_of_a_line_is_one_finding_that_names_both(make_site, source, fact):
    (source / "weak.py").write_text(WEAK)
    evidence = source_code.collect(make_site(source="src"))
    sql = [finding for finding in evidence.findings if finding.cwe == "CWE-89"]
    assert len(sql) == 1
    assert sql[0].message.endswith("; said by bandit and ruff")
    assert "(ruff " in evidence.provenance.version


def test_the_fingerprint_is_the_same_without_the_second_tool(make_site, source):
    (source / "weak.py").write_text(WEAK)
    both = {f.fingerprint for f in source_code.collect(make_site(source="src")).findings}
    alone = {f.fingerprint for f in source_code.collect(make_site(source="src"), second=ABSENT).findings}
    assert alone
    assert alone <= both


def test_without_the_second_tool_the_first_still_counts_and_the_rest_is_unknown(
    make_site, source, fact, assert_unknown
):
    (source / "clean.py").write_text(CLEAN)
    evidence = source_code.collect(make_site(source="src"), second=ABSENT)
    assert evidence.status is Status.DEGRADED
    assert fact(evidence, "security.code_high").value == 0
    assert_unknown(evidence, "security.blocking_calls", "is it installed?")


@pytest.mark.parametrize(
    ("then", "word"),
    [
        ("print('no json')", "cannot be read"),
        ("print('[{}]')", "cannot be read"),
        ("print('[1]')", "cannot be read"),
        ("sys.exit(2)", "exit code 2"),
        ("os.kill(os.getpid(), 11)", "exit code -11"),
        ("time.sleep(60)", "not finished"),
    ],
)
def test_a_second_tool_that_misbehaves_leaves_its_own_fact_unknown(
    make_site, source, fake_tool, assert_unknown, fact, then, word
):
    (source / "clean.py").write_text(CLEAN)
    evidence = source_code.collect(make_site(source="src"), second=fake_tool(then), timeout_s=8.0)
    assert_unknown(evidence, "security.blocking_calls", word)
    assert fact(evidence, "security.code_high").value == 0


def test_a_call_that_holds_everybody_up_is_found_and_its_twin_is_not(make_site, source, fact):
    (source / "waits.py").write_text("import time\n\n\nasync def wait():\n    time.sleep(1)\n")
    (source / "yields.py").write_text("import asyncio\n\n\nasync def wait():\n    await asyncio.sleep(1)\n")
    evidence = source_code.collect(make_site(source="src"))
    assert fact(evidence, "security.blocking_calls").value == 1
    (found,) = [finding for finding in evidence.findings if finding.rule.startswith("ASYNC")]
    assert found.location == "src/waits.py:5"
    assert found.remedy


def test_a_rule_of_the_own_tool_settings_does_not_silence_the_second_tool(make_site, source, fact):
    (source / "ruff.toml").write_text('exclude = ["*"]\nlint.ignore = ["ASYNC", "S"]\n')
    (source / ".gitignore").write_text("*\n")
    (source / "waits.py").write_text("import time\n\n\nasync def wait():\n    time.sleep(1)  # noqa\n")
    evidence = source_code.collect(make_site(source="src"))
    assert fact(evidence, "security.blocking_calls").value == 1, "a mark that names no rule is for all linters"


def test_own_rules_that_are_out_of_time_clear_nothing(make_site, source, monkeypatch, assert_unknown):
    (source / "clean.py").write_text(CLEAN)
    before = own_rules.read
    monkeypatch.setattr(own_rules, "read", lambda *given, **more: before(*given, **{**more, "timeout_s": -1.0}))
    evidence = source_code.collect(make_site(source="src"))
    assert_unknown(evidence, "security.code_high", "clean.py: no time was left for the own rules")
