"""Secrets that are gone from the files and not from the history; bounds, and what they leave out."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scorecard.evidence import Status
from security.committed_history import Bounds, collect

AWS = "AKIAJ6QWERTYUIOPASDF"
PASSWORD = "zeppelin-orchard-92"


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    def run(*words: str, folder: Path = tmp_path) -> str:
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True, timeout=60)  # noqa: S607
        return done.stdout.strip()

    return run


def test_what_was_deleted_is_found_with_its_commit(make_site, commit, tmp_path, git, fact):
    commit(tmp_path, {"src/settings.py": f'x = 1\nAPI = "{AWS}"\n', "src/db.yaml": f"db_password: {PASSWORD}\n"})
    first = git("rev-parse", "HEAD")[:10]
    commit(tmp_path, {"src/settings.py": "x = 1\n", "src/db.yaml": None})
    evidence = collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.secrets_in_history").value == 2
    assert fact(evidence, "security.history_commits").value == 2
    assert {finding.location for finding in evidence.findings} == {
        f"src/settings.py@{first}:2",
        f"src/db.yaml@{first}:1",
    }
    assert all(finding.cwe == "CWE-798" and "clone" in finding.remedy for finding in evidence.findings)
    assert PASSWORD not in evidence.model_dump_json()


def test_what_still_stands_in_the_files_is_left_to_the_search_there(make_site, commit, tmp_path, fact):
    commit(tmp_path, {"src/settings.py": f'API = "{AWS}"\n'})
    commit(tmp_path, {"src/settings.py": f'\nAPI = "{AWS}"\n'})
    assert fact(collect(make_site(source="src")), "security.secrets_in_history").value == 0


def test_the_clean_twin_has_no_finding(make_site, commit, tmp_path, fact):
    commit(tmp_path, {"src/settings.py": 'API = os.environ["API"]\n'})
    commit(tmp_path, {"src/settings.py": "x = 1\n"})
    evidence = collect(make_site(source="src"))
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.secrets_in_history").value == 0


def test_a_branch_that_was_merged_without_effect_is_read_too(make_site, commit, tmp_path, git, fact):
    commit(tmp_path, {"src/a.py": "x = 1\n"})
    git("switch", "--quiet", "--create", "side")
    commit(tmp_path, {"src/b.py": f'API = "{AWS}"\n'})
    commit(tmp_path, {"src/b.py": None})
    git("switch", "--quiet", "main")
    commit(tmp_path, {"src/a.py": "x = 2\n"})
    git("merge", "--quiet", "--no-ff", "--message=m", "side")
    assert fact(collect(make_site(source="src")), "security.secrets_in_history").value == 1


def test_a_containerfile_is_read_for_what_it_once_gave_to_the_environment(make_site, commit, tmp_path, fact):
    commit(tmp_path, {"src/a.py": "x = 1\n", "Containerfile": f"FROM a:1\nENV DB_PASSWORD={PASSWORD}\n"})
    commit(tmp_path, {"Containerfile": "FROM a:1\n"})
    evidence = collect(make_site(source="src", containerfile="Containerfile"))
    assert fact(evidence, "security.secrets_in_history").value == 1


def test_what_other_folders_once_held_is_not_the_project(make_site, commit, tmp_path, fact):
    commit(tmp_path, {"src/a.py": "x = 1\n", "other/b.py": f'API = "{AWS}"\n'})
    commit(tmp_path, {"other/b.py": None})
    assert fact(collect(make_site(source="src")), "security.secrets_in_history").value == 0


def test_a_mark_counts_in_the_history_too(make_site, commit, tmp_path, fact):
    commit(
        tmp_path,
        {
            "src/a.py": f'API = "{AWS}"  # pragma: allowlist secret\n',
            "src/b.py": f'# pragma: allowlist nextline secret\nAPI = "{AWS}"\n',
        },
    )
    commit(tmp_path, {"src/a.py": "x = 1\n", "src/b.py": "x = 1\n"})
    evidence = collect(make_site(source="src"))
    assert fact(evidence, "security.secrets_in_history").value == 0
    assert fact(evidence, "security.secrets_in_history_suppressed").value == 2


def test_older_commits_than_the_bound_make_the_count_a_lower_one(make_site, commit, tmp_path, fact, assert_unknown):
    for number in range(4):
        commit(tmp_path, {"src/a.py": f"x = {number}\n"})
    evidence = collect(make_site(source="src"), bounds=Bounds(commits=2))
    assert_unknown(evidence, "security.secrets_in_history", "2 older commits were left out")
    assert fact(evidence, "security.history_commits").value == 2


def test_more_bytes_than_the_bound_are_left_out_and_said(make_site, commit, tmp_path, fact, assert_unknown):
    for number in range(3):
        commit(tmp_path, {"src/a.py": f"x = '{str(number) * 500}'\n"})
    evidence = collect(make_site(source="src"), bounds=Bounds(bytes=0, batch=1))
    assert_unknown(evidence, "security.secrets_in_history", "1 older commits")
    assert fact(evidence, "security.history_commits").value == 2, "the newest adds what still stands"


def test_without_time_nothing_is_known(make_site, commit, tmp_path, assert_unknown):
    commit(tmp_path, {"src/a.py": "x = 1\n"})
    evidence = collect(make_site(source="src"), bounds=Bounds(seconds=0.0))
    assert evidence.status is Status.ERROR
    assert evidence.facts[0].value is None


def test_a_shallow_clone_is_not_the_whole_history(make_site, commit, tmp_path, git, assert_unknown):
    origin = tmp_path / "origin"
    origin.mkdir()
    commit(origin, {"src/a.py": f'API = "{AWS}"\n'})
    commit(origin, {"src/a.py": "x = 1\n"})
    git("clone", "--quiet", "--depth=1", origin.as_uri(), str(tmp_path / "clone"))
    evidence = collect(make_site(source="clone/src"))
    assert_unknown(evidence, "security.secrets_in_history", "shallow")


def test_a_source_in_no_repository_has_no_history(make_site, tmp_path, assert_unknown):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("x = 1\n")
    assert_unknown(collect(make_site(source="src")), "security.secrets_in_history", "no git working tree")


def test_a_source_that_was_never_committed_is_unknown(make_site, commit, tmp_path, assert_unknown):
    commit(tmp_path, {"other.py": "x = 1\n"})
    (tmp_path / "src").mkdir()
    assert_unknown(collect(make_site(source="src")), "security.secrets_in_history", "no commit")


def test_the_repository_runs_no_program_of_its_own(make_site, commit, tmp_path, git, fact):
    ran = tmp_path / "ran"
    commit(tmp_path, {"src/a.py": f'API = "{AWS}"\n', ".gitattributes": "*.py diff=mine\n"})
    commit(tmp_path, {"src/a.py": "x = 1\n"})
    for key in ("diff.mine.textconv", "diff.mine.command", "diff.external", "core.fsmonitor", "core.pager"):
        git("config", key, f"sh -c 'touch {ran}; cat'")
    assert fact(collect(make_site(source="src")), "security.secrets_in_history").value == 1
    assert not ran.exists()


def test_a_hook_that_points_elsewhere_does_not_mislead(make_site, commit, tmp_path, monkeypatch, fact):
    commit(tmp_path, {"src/a.py": f'API = "{AWS}"\n'})
    commit(tmp_path, {"src/a.py": "x = 1\n"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert fact(collect(make_site(source="src")), "security.secrets_in_history").value == 1


def test_names_and_texts_that_are_not_ordinary_are_read(make_site, commit, tmp_path, fact):
    commit(tmp_path, {"src/a b é.py": f'API = "{AWS}"\n'})
    (tmp_path / "src" / "latin.py").write_bytes(f"é = '{AWS}'\n".encode("latin-1"))
    commit(tmp_path, {"src/c.py": "x = 1\n"})
    commit(tmp_path, {"src/a b é.py": None})
    (found,) = collect(make_site(source="src")).findings
    assert found.location.startswith("src/a b é.py@")
