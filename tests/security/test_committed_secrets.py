"""Secrets in the source: found, never quoted; what was not read makes the count unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorecard.evidence import Status
from security import committed_secrets, detect_secrets

AWS = "AKIAJ6QWERTYUIOPASDF"
PASSWORD = "zeppelin-orchard-92"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    return folder


def test_planted_secrets_are_found_and_placed(make_site, source, fact):
    (source / "settings.py").write_text(f'API = "{AWS}"\n\nDATABASE = "postgres://app:{PASSWORD}@db/app"\n')
    (source / "swagger_settings.yaml").write_text(f"db_password: {PASSWORD}\n")
    (source / "tests").mkdir()
    (source / "tests" / "key.txt").write_text("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n")
    evidence = committed_secrets.collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.secrets").value == 4
    assert {(finding.location, finding.severity.value) for finding in evidence.findings} == {
        ("src/settings.py:1", "critical"),
        ("src/settings.py:3", "high"),
        ("src/swagger_settings.yaml:1", "high"),
        ("src/tests/key.txt:1", "critical"),
    }
    assert all(finding.cwe == "CWE-798" and finding.remedy for finding in evidence.findings)


def test_the_clean_twin_has_no_finding(make_site, source, fact):
    (source / "settings.py").write_text('import os\n\nAPI = os.environ["API"]\n')
    (source / "requirements.txt").write_text(f"x==1 \\\n    --hash=sha256:{'0123456789abcdef' * 4}\n")
    evidence = committed_secrets.collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.secrets").value == 0


def test_an_alphabet_is_no_secret_and_its_letters_shuffled_or_few_are_one(make_site, source, fact):
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    (source / "codes.py").write_text(f'LETTERS = "{letters}"\n')
    assert fact(committed_secrets.collect(make_site(source="src")), "security.secrets").value == 0
    (source / "key.py").write_text('KEY = "Q7MZK2XW9HBT4RCN8VJ3LDY6PSGF5AEU"\npassword = "abcdefgh1357"\n')
    evidence = committed_secrets.collect(make_site(source="src"))
    assert {one.location for one in evidence.findings} == {"src/key.py:1", "src/key.py:2"}


def test_an_address_of_documentation_is_no_secret_and_one_that_leads_somewhere_is(make_site, source, fact):
    (source / "mail.py").write_text('"""From ``smtp://user:password@host:port``."""\n')
    assert fact(committed_secrets.collect(make_site(source="src")), "security.secrets").value == 0
    (source / "mail.py").write_text('MAIL = "smtp://user:password@mail.example.fr:587"\n')
    (source / "two.py").write_text('MAIL = "smtp://user:password@host:1 smtp://app:password@mail.example.fr"\n')
    evidence = committed_secrets.collect(make_site(source="src"))
    assert {one.location for one in evidence.findings} == {"src/mail.py:1", "src/two.py:1"}


def test_a_marked_line_is_listed_and_counted_apart(make_site, source, fact):
    (source / "a.py").write_text(f'API = "{AWS}"  # pragma: allowlist secret\n')
    (source / "b.py").write_text(f'# pragma: allowlist nextline secret\nAPI = "{AWS}"\n')
    (source / "c.py").write_text(f'password = "{PASSWORD}"  # noqa: S105 (made up)\n')
    (source / "d.py").write_text(f'password = "{PASSWORD}"  # noqa: E501\n')
    evidence = committed_secrets.collect(make_site(source="src"))
    assert fact(evidence, "security.secrets").value == 1, "only a mark for secrets is one"
    assert fact(evidence, "security.secrets_suppressed").value == 3
    assert [finding.suppression is not None for finding in evidence.findings] == [False, True, True, True]


def test_neither_a_secret_nor_a_digest_of_it_is_kept(make_site, source, tmp_path):
    import hashlib

    (source / "settings.py").write_text(f'password = "{PASSWORD}"\n')
    evidence = committed_secrets.collect(make_site(source="src"))
    written = evidence.model_dump_json() + "".join(
        path.read_text() for path in (tmp_path / "runs").rglob("*") if path.is_file()
    )
    assert evidence.findings
    assert PASSWORD not in written
    for digest in (hashlib.sha1(PASSWORD.encode()), hashlib.sha256(PASSWORD.encode())):  # noqa: S324 (the tool's own)
        assert digest.hexdigest() not in written


def test_text_that_is_not_utf_8_makes_the_count_unknown(make_site, source, assert_unknown):
    (source / "clean.py").write_text("x = 1\n")
    (source / "réglages.ini").write_bytes(f"clé = é\npassword = {PASSWORD}\n".encode("latin-1"))
    evidence = committed_secrets.collect(make_site(source="src"))
    assert evidence.status is Status.DEGRADED
    assert_unknown(evidence, "security.secrets", "not UTF-8")


def test_binary_files_are_left_out_and_counted(make_site, source, fact):
    (source / "clean.py").write_text("x = 1\n")
    (source / "logo.png").write_bytes(b"\x89PNG\xff")
    (source / "font").write_bytes(b"\0\xff" * 20)
    evidence = committed_secrets.collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    assert "left out: 2" in fact(evidence, "security.secrets").detail


def test_a_file_too_large_to_read_is_a_gap(make_site, source, assert_unknown):
    (source / "clean.py").write_text("x = 1\n")
    with (source / "dump.sql").open("wb") as file:
        file.truncate(20 * 1024 * 1024)
    assert_unknown(committed_secrets.collect(make_site(source="src")), "security.secrets", "larger than 10 MB")


def test_an_empty_folder_is_unknown(make_site, source, assert_unknown):
    assert_unknown(committed_secrets.collect(make_site(source="src")), "security.secrets", "no text file")


def test_without_source_it_is_skipped_and_says_which_key_to_add(make_site, assert_unknown):
    evidence = committed_secrets.collect(make_site())
    assert evidence.status is Status.SKIPPED
    assert_unknown(evidence, "security.secrets", "target.source")


@pytest.mark.parametrize(
    ("then", "word"),
    [
        ("print('{}')", "cannot be read"),
        ('print(\'{"plugins_used": [], "results": {}}\')', "cannot be read"),
        ('print(\'{"plugins_used": [1], "results": []}\')', "cannot be read"),
        ("sys.exit(1)", "exit code 1"),
        ("time.sleep(60)", "not finished"),
        (
            'sys.stderr.write("[scan] Unable to open file: a.py"); print(\'{"plugins_used": [1], "results": {}}\')',
            "open",
        ),
    ],
)
def test_a_scanner_that_misbehaves_clears_nothing(make_site, source, fake_tool, patience, assert_unknown, then, word):
    (source / "a.py").write_text(f'API = "{AWS}"\n')
    tool = fake_tool(then)
    evidence = committed_secrets.collect(make_site(source="src"), tool=tool, timeout_s=patience(tool))
    assert_unknown(evidence, "security.secrets", word)


def test_the_kinds_left_out_are_those_of_the_installed_tool():
    from detect_secrets.filters.heuristic import IGNORED_FILE_EXTENSIONS

    assert detect_secrets.LEFT_OUT == IGNORED_FILE_EXTENSIONS
