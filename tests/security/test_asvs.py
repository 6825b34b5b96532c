"""docs/security/asvs.md says of each requirement of ASVS 5.0.0 (levels 1 and 2) how it is answered, and is not stale.

``python tests/security/test_asvs.py`` writes it again.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scorecard.criteria import Criterion, catalogue
from scorecard.evidence import Severity
from security.code_rules import RULES

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "docs" / "security" / "asvs.toml"
PAGE = DATA.with_suffix(".md")
CHAPTERS = (
    "Encoding and sanitisation", "Validation and business logic", "Web front end", "API and web service",
    "Files", "Authentication", "Sessions", "Authorisation", "Self-contained tokens", "OAuth and OpenID Connect",
    "Cryptography", "Communication", "Configuration", "Data protection", "Coding and architecture",
    "Logging and errors", "WebRTC",
)  # fmt: skip
_COUNTED_IN = {
    Severity.CRITICAL: "security.code-high",
    Severity.HIGH: "security.code-high",
    Severity.MEDIUM: "security.code-medium",
}
_HEAD = """# OWASP ASVS 5.0.0 and the reference service

What the standard asks at levels 1 and 2, in our words, and what answers it: a **criterion**, found by its `source` or
by the rules it counts, which a run of Portance judges; a **test** of this repository; or else the reason why no program
tells. Made from the criteria and `asvs.toml` by `python tests/security/test_asvs.py`. A criterion listed here is a
question that is asked, not a requirement that is met: the scorecard of a run says that.

{counts}
"""


def page() -> str:
    """The whole page."""
    said = _said()
    answers = criteria_by_requirement()
    rows: dict[int, list[str]] = {}
    counts = {"criteria": 0, "tests": 0, "reason": 0}
    for number, asked in said["requirements"].items():
        criteria = list(dict.fromkeys([*answers.get(number, []), *asked.get("criteria", [])]))
        tests = asked.get("tests", [])
        parts = [f"`{name}`" for name in criteria] + [
            f"[{_spoken(test)}](../../tests/{test.split('::')[0]})" for test in tests
        ]
        kind = "criteria" if criteria else "tests" if tests else "reason"
        counts[kind] += 1
        how = ", ".join(parts) if parts else said["reasons"].get(asked["reason"], asked["reason"])
        rows.setdefault(int(number.split(".")[0]), []).append(
            f"| {number} | {asked['level']} | {asked['asks']} | {how} |"
        )
    total = sum(counts.values())
    head = _HEAD.format(
        counts=f"Of {total} requirements, {counts['criteria']} are answered by criteria, {counts['tests']} by tests of "
        f"this repository alone, and {counts['reason']} have a reason."
    )
    tables = [
        f"## V{chapter} {CHAPTERS[chapter - 1]}\n\n| | level | asks that | answered by |\n|---|---|---|---|\n"
        + "\n".join(lines)
        for chapter, lines in rows.items()
    ]
    return head + "\n" + "\n\n".join(tables) + "\n"


def criteria_by_requirement() -> dict[str, list[str]]:
    """Criteria by the requirement their source names, and those that count the rules of code by what these name."""
    found: dict[str, list[str]] = {}
    for criterion in catalogue():
        for number in _named(criterion):
            found.setdefault(number, []).append(criterion.id)
    for rule in RULES.values():
        counted = _COUNTED_IN.get(rule.severity)
        number = rule.asvs.removeprefix("v5.0.0-")
        if number and counted is not None and counted not in found.setdefault(number, []):
            found[number].append(counted)
    return found


def _named(criterion: Criterion) -> Iterator[str]:
    for part in criterion.source.en.split(";"):
        match = re.search(r"ASVS 5\.0\.0,(.*)", part)
        if match is None:
            continue
        yield from re.findall(r"\b\d+\.\d+\.\d+\b", match[1])
        for section, first, last in re.findall(r"\b(\d+\.\d+)\.(\d+) to \1\.(\d+)\b", match[1]):
            yield from (f"{section}.{number}" for number in range(int(first) + 1, int(last)))


def _spoken(test: str) -> str:
    return test.split("::test_")[1].replace("_", " ")


def test_the_page_is_not_stale():
    assert PAGE.read_text(encoding="utf-8") == page(), "python tests/security/test_asvs.py writes it again"


def test_it_holds_every_requirement_of_levels_1_and_2():
    levels = [asked["level"] for asked in _requirements().values()]
    assert (levels.count(1), levels.count(2)) == (70, 183)


def test_every_requirement_is_answered_or_has_a_reason():
    answers = criteria_by_requirement()
    bare = [
        number
        for number, asked in _requirements().items()
        if not (answers.get(number) or asked.keys() & {"criteria", "tests", "reason"})
    ]
    assert bare == []


def test_no_source_names_a_requirement_that_the_standard_does_not_have():
    assert set(criteria_by_requirement()) <= set(_requirements()) | set(_said()["level_3"])


@pytest.mark.parametrize(
    "test",
    sorted(
        {
            test
            for asked in tomllib.loads(DATA.read_text(encoding="utf-8"))["requirements"].values()
            for test in asked.get("tests", [])
        }
    ),
)
def test_a_test_that_is_named_exists(test):
    file, name = test.split("::")
    assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_a_criterion_that_is_named_exists():
    named = {name for asked in _requirements().values() for name in asked.get("criteria", [])}
    assert named
    assert named <= {criterion.id for criterion in catalogue()}


def test_a_range_names_what_lies_between():
    assert {"3.4.1", "3.4.2", "3.4.3", "3.4.4", "3.4.5", "3.4.6"} <= set(criteria_by_requirement())


def _said() -> dict[str, Any]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def _requirements() -> dict[str, dict[str, Any]]:
    requirements: dict[str, dict[str, Any]] = _said()["requirements"]
    return requirements


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)} is written\n")
