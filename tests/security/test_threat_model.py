"""docs/security/threat-model.md points at code, tests and criteria that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scorecard.criteria import catalogue

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security" / "threat-model.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINKS = re.findall(r"\]\(([^)\s]+)(?: \"([^\"]+)\")?\)", TEXT)
THREATS = re.findall(r"^\| ([STRIDE]) \| (.+) \| (.+) \| (.+) \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize(("target", "name"), sorted(set(LINKS)))
def test_what_it_links_to_exists(target, name):
    path = (PAGE.parent / target).resolve()
    assert path.exists()
    if name:
        assert f"def {name}(" in path.read_text(encoding="utf-8")


def test_the_criteria_it_names_exist():
    known = {criterion.id for criterion in catalogue()}
    named = set(re.findall(r"`([a-z]+\.[a-z]+(?:-[a-z]+)*)`", TEXT))
    assert len(named) > 30
    assert named <= known


def test_every_threat_is_tried_by_a_criterion_or_a_test():
    assert len(THREATS) > 40
    for letter, threat, mitigation, check in THREATS:
        assert threat, letter
        assert mitigation, threat
        assert "`" in check or "](../../tests/" in check, threat


def test_each_letter_of_stride_is_thought_of():
    assert {letter for letter, *_ in THREATS} == set("STRIDE")
