"""Policies that are read, and policies with holes: each is refused with the line that is wrong."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.gating.policy import PolicyError, Rules, load, parse
from scorecard.gating.refusals import RULES
from scorecard.lines import line_of

WHOLE = """
# what the State asks before opening day
[gate]
accept = ["go", "conditional"]
conditional_until = 2027-01-31
grade = "C"
coverage = "80 %"
max_age_days = 14
blocking = ["security.csp"]
waivers = 3
new_failures = 0

[gate.domains]
security = "B"

[[stages]]
name = "production"
branches = ["main", "release/*"]
accept = ["go"]
grade_drop = 0
capacity_drop = "10 %"
lost_answers = 0
baseline = true
"""

HOLES = {
    "": "no [gate] and no [[stages]]",
    "[gate]\n": ":1: gate: no rule in it",
    '[gate]\n\ngrad = "C"\n': ":3: gate.grad: unknown key, did you mean 'grade'?",
    'grade = "C"\n': ":1: grade: unknown key, did you mean 'gate'?",
    '[gate]\naccept = ["go", "no_go"]\n': ":2: gate.accept[2]: Input should be 'go' or 'conditional'",
    '[gate]\naccept = ["go", "undetermined"]\n': ":2: gate.accept[2]:",
    "[gate]\naccept = []\n": ':2: gate: accept has no "go"',
    '[gate]\naccept = ["conditional"]\n': ':2: gate: accept has no "go"',
    '[gate]\naccept = ["go", "go"]\n': ":2: gate: accept names a decision twice",
    '[gate]\ngrade = "G"\n': ":2: gate.grade:",
    '[gate]\ngrade = "F"\n': ":2: gate.grade:",
    "[gate]\ngrade = true\n": ":2: gate.grade:",
    '[gate]\naccept = ["go", "conditional"]\nconditional_until = 2026-11-21\n': ":3: conditional_until: 2026-11-21",
    "[gate]\nconditional_until = 2027-01-01\n": ":2: gate: conditional_until needs accept",
    '[gate]\nconditional_until = "soon"\n': ":2: gate.conditional_until:",
    '[gate]\ncoverage = "0 %"\n': ":2: gate.coverage: Input should be greater than 0",
    '[gate]\ncoverage = "120 %"\n': ":2: gate.coverage:",
    "[gate]\ncoverage = 0.8\n": ":2: gate.coverage: expected a percentage",
    '[gate]\ndomains = { securty = "B" }\n': ":2: gate.domains.securty",
    '[gate]\n[gate.domains]\nsecurity = "F"\n': ":3: gate.domains.security",
    "[gate]\ndomains = {}\n": ":2: gate: domains is empty",
    "[gate]\nblocking = []\n": ":2: gate: blocking is empty",
    '[gate]\nblocking = [""]\n': ":2: gate.blocking[1]:",
    "[gate]\nmax_age_days = 0\n": ":2: gate.max_age_days:",
    "[gate]\nwaivers = -1\n": ":2: gate.waivers:",
    "[gate]\nbaseline = false\n": ":2: gate.baseline:",
    "[gate]\ngrade_drop = 5\n": ":2: gate.grade_drop:",
    '[gate]\ncapacity_drop = "100 %"\n': ":2: gate.capacity_drop:",
    '[[stages]]\nname = "a"\nbranches = ["main"]\n': ":1: stages[1]: no rule in it",
    '[[stages]]\ngrade = "B"\n': "stages[1].name: missing",
    '[[stages]]\nname = "a"\ngrade = "B"\n\n[[stages]]\nname = "b"\ngrade = "Z"\n': ":7: stages[2].grade:",
    '[[stages]]\nname = "a"\ngrade = "B"\n[[stages]]\nname = "a"\ngrade = "B"\n': "stages: a stands twice",
    '[gate]\ngrade = "B\n': "not valid TOML",
    '[gate]\ngrade = "B"\ngrade = "A"\n': "not valid TOML",
}


@pytest.mark.parametrize("text", HOLES, ids=list(HOLES.values()))
def test_a_policy_with_a_hole_is_refused_with_its_line(policy, text):
    with pytest.raises(PolicyError) as refused:
        policy(text)
    said = str(refused.value)
    assert said.startswith("portance-policy.toml")
    assert HOLES[text] in said
    assert "\n" not in said


def test_a_policy_that_cannot_be_read_is_refused(tmp_path, today):
    (tmp_path / "latin.toml").write_bytes('[gate]\n# épreuve\ngrade = "C"\n'.encode("latin-1"))
    for name, said in (("none.toml", "cannot be read"), ("latin.toml", "not UTF-8"), (".", "cannot be read")):
        with pytest.raises(PolicyError, match=said):
            load(tmp_path / name, today)


def test_a_whole_policy_is_read_and_each_rule_knows_its_line(policy):
    read = policy(WHOLE)
    assert read.at("gate", "coverage") == "portance-policy.toml:7"
    assert read.at("gate", "domains", "security") == "portance-policy.toml:14"
    assert read.at("stages", 0, "capacity_drop") == "portance-policy.toml:21"
    gate = read.policy.gate
    assert gate is not None
    assert (gate.grade, gate.coverage, gate.conditional_until.isoformat()) == ("C", 0.8, "2027-01-31")
    assert gate.against_baseline == {"new_failures"}


def test_every_key_of_a_policy_has_its_rule():
    assert set(RULES) == set(Rules.model_fields)


@pytest.mark.parametrize(
    ("stage", "branch", "tables"),
    [
        (None, None, ["gate"]),
        (None, "feature", ["gate"]),
        (None, "main", ["gate", "production"]),
        (None, "release/2", ["gate", "production"]),
        ("production", "feature", ["gate", "production"]),
    ],
)
def test_a_stage_adds_to_the_gate_and_never_replaces_it(policy, stage, branch, tables):
    assert [clause.name for clause in policy(WHOLE).clauses(stage, branch)] == tables


def test_no_rule_in_force_is_a_hole_not_a_pass(policy):
    only_main = policy('[[stages]]\nname = "production"\nbranches = ["main"]\ngrade = "C"\n')
    with pytest.raises(PolicyError, match="nothing would be asked"):
        only_main.clauses(None, "feature")
    with pytest.raises(PolicyError, match="nothing would be asked"):
        only_main.clauses(None, None)
    with pytest.raises(PolicyError, match="no stage 'prod'; stages: production"):
        only_main.clauses("prod", "main")


@given(st.integers(0, 6), st.integers(0, 3), st.booleans())
def test_the_line_of_a_key_is_found_wherever_it_stands(blank, others, quoted):
    head = "#x\n" * blank
    tables = "".join(f'[[stages]]\nname = "s{n}"\ngrade = "B"\n' for n in range(others))
    key = '"grade"' if quoted else "grade"
    text = f'{head}{tables}[[stages]] # last\nname = "last"\n{key} = "B"\n'
    assert line_of(text, ("stages", others, "grade")) == text.count("\n")
    assert line_of(text, ("stages", others, "coverage")) == text.count("\n") - 2
    assert line_of(text, ("gate",)) is None


@given(st.text(max_size=60))
def test_any_text_is_a_policy_or_a_refusal(text):
    with suppress(PolicyError):
        parse(text.encode("utf-8", "surrogatepass"), "p.toml", date(2026, 11, 22))


def test_the_policy_that_the_documentation_shows_is_one():
    page = (Path(__file__).resolve().parents[3] / "docs" / "pipelines.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    read = parse(shown.encode(), "pipelines.md", date(2026, 11, 22))
    assert [clause.name for clause in read.clauses(None, "release/1")] == ["gate", "production"]
    asked = read.policy.gate.model_fields_set | read.policy.stages[0].model_fields_set
    assert set(RULES) - asked == {"baseline"}  # what the others need by themselves
