"""docs/security/repository.md is true: what is shipped holds no secret, and the hits are where it says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from security import committed_secrets

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (
    "reference_app", "scorecard", "security", "loadtests", "observability", "k8s", ".ci", "action.yml", "Containerfile",
    "Makefile", "pyproject.toml", "publiccode.yml",
)  # fmt: skip
WEAK_ON_PURPOSE = "docs/samples/naive"


@pytest.fixture
def copied(tmp_path):
    """A copy of those files of the repository, as they stand in the working tree, that lie at some places."""

    def copy(*places: str) -> int:
        if not (ROOT / ".git").exists():
            pytest.skip("not a git working tree: which files belong to the repository is not known")
        words = ("git", "ls-files", "-z", "--", *places)
        listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=60).stdout.decode()
        names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
        for name in names:
            (tmp_path / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / "copy" / name)
        return len(names)

    return copy


def test_no_secret_is_in_what_is_shipped(copied, make_site, fact):
    number = copied(*SHIPPED)
    evidence = committed_secrets.collect(make_site(source="copy"))
    assert number > 100
    assert [one.location for one in evidence.findings if one.suppression is None] == []
    assert fact(evidence, "security.secrets").value == 0


def test_the_sample_that_is_weak_on_purpose_is_still_found_to_be(copied, make_site, fact):
    copied(WEAK_ON_PURPOSE)
    assert fact(committed_secrets.collect(make_site(source="copy")), "security.secrets").value >= 1, "control"


def test_the_page_names_places_that_are_there():
    page = (ROOT / "docs" / "security" / "repository.md").read_text(encoding="utf-8")
    for place in (
        WEAK_ON_PURPOSE,
        "tests",
        "loadtests",
        "scorecard/journeys",
        "scorecard/bridges",
        "scorecard/reports",
    ):
        assert f"`{place}/`" in page
        assert (ROOT / place).is_dir()
