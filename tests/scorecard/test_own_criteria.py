"""A ministry asks more by one more folder; it never asks less."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.criteria import CatalogueError, Reference, catalogue
from scorecard.criteria.strictness import loosened
from scorecard.evidence import Fact, Unit
from scorecard.grading import grade
from scorecard.project import TIERS
from scorecard.scorecard import Decision, Verdict

OWN = """
[[criteria]]
id = "trust.ministry-charter"
domain = "trust"
title = { en = "The charter is signed", fr = "La charte est signée" }
why = { en = "The minister wants it.", fr = "Le ministre le veut." }
remedy = { en = "Sign it.", fr = "La signer." }
source = "Charte numérique du ministère, 2026, article 3"
basis = "declared"
evidence = "declarations"
fact = "declared.trust.ministry-charter"
unit = "bool"
better = "equal"
pass = true
max_age_days = 365
weight = 2
blocking = true
effort = "hours"
"""


def folder(tmp_path: Path, content: str, name: str = "ministry") -> Path:
    path = tmp_path / name
    path.mkdir()
    (path / "own.toml").write_text(content, encoding="utf-8")
    return path


def stricter(identifier: str, *lines: str) -> str:
    return "\n".join(("[[stricter]]", f'id = "{identifier}"', 'source = "Note du ministère, 2026"', *lines, ""))


def asked(tmp_path: Path, content: str, identifier: str):
    return next(c for c in catalogue(own=[folder(tmp_path, content)]) if c.id == identifier)


def test_a_criterion_of_ones_own_is_asked_beside_the_shipped_ones(tmp_path, shipped, project, today):
    both = catalogue(own=[folder(tmp_path, OWN)])
    assert {c.id for c in both} - {c.id for c in shipped} == {"trust.ministry-charter"}
    card = grade(project, both, [], (), today)
    assert card.decision is Decision.UNDETERMINED
    assert "trust.ministry-charter" in {j.criterion.id for j in card.judged if j.criterion.blocking}


def test_a_shipped_criterion_can_be_made_stricter_in_each_way(tmp_path):
    fresh = asked(
        tmp_path,
        stricter(
            "security.advisories-fresh",
            "pass = 3",
            "warn = 7",
            "exclusive = true",
            'blocking = ["local", "national"]',
            "max_age_days = 10",
            'requires = ["capacity.sample-size"]',
            'why = { en = "Machines are quick.", fr = "Les machines vont vite." }',
        ),
        "security.advisories-fresh",
    )
    assert (fresh.pass_, fresh.warn, fresh.exclusive, fresh.max_age_days) == (3, 7, True, 10)
    assert [fresh.in_tier(t).blocking for t in ("experiment", "local", "national")] == [False, True, True]
    assert fresh.requires == ("capacity.sample-size",)
    assert fresh.why.en == "Machines are quick."
    assert fresh.source.en.startswith("OWASP ASVS 5.0.0, 15.1.1")
    assert fresh.source.fr.endswith("\u202f; Note du ministère, 2026")


def test_what_is_left_out_stays_as_it_was(tmp_path, shipped):
    before = next(c for c in shipped if c.id == "trust.dpia")
    after = asked(tmp_path, stricter("trust.dpia", "max_age_days = 365"), "trust.dpia")
    assert after == before.model_copy(update={"max_age_days": 365, "source": after.source})


def test_a_warn_zone_can_be_taken_away(tmp_path):
    assert asked(tmp_path, stricter("security.headers", "tolerate = false"), "security.headers").warn is None
    feasible = stricter("user-service.feasible-online", "tolerate = false")
    assert catalogue(own=[folder(tmp_path, feasible, "second")])


def test_a_line_that_the_project_sets_can_be_raised(tmp_path):
    held = asked(
        tmp_path, stricter("capacity.population", 'pass = { of = "project.users", times = 1.5 }'), "capacity.population"
    )
    assert held.pass_ == Reference(of="project.users", times=1.5)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (stricter("security.headers", "warn = 5"), "would fail only beyond 5 instead of 2"),
        (stricter("security.headers", "pass = 1"), "would pass at 1 instead of 0"),
        (stricter("user-service.availability", "pass = 0.99"), "would pass at 0.99 instead of 0.999"),
        (stricter("security.secrets", "blocking = false"), "would no longer block"),
        (stricter("security.secrets", 'blocking = ["national"]'), "would no longer block in the tier 'experiment'"),
        (stricter("security.homologation", 'blocking = ["local"]'), "would no longer block in the tier 'national'"),
        (stricter("security.secrets", "max_age_days = 31"), "would count for 31 days instead of 30"),
        (stricter("security.csp", 'kinds = ["online-procedure"]'), "would no longer be asked of the kind"),
        (stricter("security.csp", "pass = false"), "would pass at false instead of true"),
        (stricter("security.tls-production", "pass = false"), "would pass at false instead of true"),
        (stricter("user-service.feasible-online", 'warn = "no"'), "would fail only beyond no instead of partly"),
        (stricter("capacity.population", "pass = 1"), "would pass at 1 instead of project.users"),
        (
            stricter("capacity.population", 'pass = { of = "project.users", times = 0.5 }'),
            "would pass at project.users x 0.5",
        ),
        (stricter("capacity.population", 'pass = { of = "project.agents" }'), "would pass at project.agents"),
        (
            stricter("security.cyber-index", "by_tier = { local = { pass = 2.0 } }"),
            "would pass at 2.0 instead of 3.0 in the tier 'local'",
        ),
        (stricter("security.nothing", "pass = 1"), "names no criterion"),
        (stricter("security.headers", "weight = 1"), "weight"),
        (stricter("security.headers", "exclusive = false"), "exclusive"),
        (stricter("security.headers", "tolerate = true"), "tolerate"),
        (stricter("security.headers", "warn = 0"), "warn must be easier to reach than pass"),
        (stricter("security.headers", 'requires = ["security.nothing"]'), "does not exist"),
        (OWN.replace("trust.ministry-charter", "trust.dpia"), "[[stricter]] asks more of it"),
        (OWN + OWN, "twice"),
        ("", "holds no criteria"),
        ("[delete]\n", "unknown table 'delete'"),
        ("criteria = 3\n", "tables of a list"),
        ("[criteria]\nid = 3\n", "tables of a list"),
    ],
)
def test_what_asks_less_or_makes_no_sense_is_refused_in_one_line(tmp_path, content, complaint):
    with pytest.raises(CatalogueError) as caught:
        catalogue(own=[folder(tmp_path, content)])
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_refused_rather_than_taken_for_no_criteria(tmp_path):
    with pytest.raises(CatalogueError, match="nowhere: cannot be read"):
        catalogue(own=[tmp_path / "nowhere"])


def test_of_two_folders_the_second_may_ask_more_than_the_first_and_not_less(tmp_path):
    first = folder(tmp_path, stricter("security.headers", "tolerate = false"), "first")
    second = folder(tmp_path, stricter("security.headers", "max_age_days = 7"), "second")
    third = folder(tmp_path, stricter("security.headers", "warn = 1"), "third")
    found = next(c for c in catalogue(own=[first, second]) if c.id == "security.headers")
    assert (found.warn, found.max_age_days) == (None, 7)
    with pytest.raises(CatalogueError, match="would fail only beyond 1"):
        catalogue(own=[first, second, third])


def test_every_shipped_criterion_is_as_strict_as_itself(shipped):
    assert [c.id for c in shipped if loosened(c, c) is not None] == []


def test_a_tier_on_which_more_depends_is_asked_no_less(tmp_path):
    lower = OWN.replace("blocking = true", 'blocking = ["local"]')
    with pytest.raises(CatalogueError, match="'national' is asked less than 'local': it does not block"):
        catalogue(own=[folder(tmp_path, lower)])


def bounds(draw, better: str) -> tuple[float, float | None]:
    one, other = draw(st.lists(st.integers(0, 50), min_size=2, max_size=2, unique=True))
    first, second = (max(one, other), min(one, other)) if better == "higher" else (min(one, other), max(one, other))
    return first, second if draw(st.booleans()) else None


@st.composite
def ways(draw) -> tuple[dict[str, object], dict[str, object]]:
    """Two ways to ask for the same number."""
    better = draw(st.sampled_from(["higher", "lower"]))

    def way() -> dict[str, object]:
        pass_, warn = bounds(draw, better)
        tiers = {}
        if draw(st.booleans()):
            low, soft = bounds(draw, better)
            tiers = {"experiment": {"pass": low, "warn": soft}}
        return {
            "unit": "count", "better": better, "pass": pass_, "warn": warn, "exclusive": draw(st.booleans()),
            "blocking": draw(st.sampled_from([True, False, ["national"], ["local", "national"]])), "by_tier": tiers,
            "max_age_days": draw(st.integers(1, 3)),
        }  # fmt: skip

    return way(), way()


@given(ways(), st.integers(0, 51), st.integers(0, 3), st.sampled_from(TIERS))
def test_what_is_let_through_never_gets_a_better_verdict_nor_a_better_decision(
    criterion, project, evidence, today, both, value, age, tier
):
    before, after = (criterion("capacity.x", fact="load.requests", **way) for way in both)
    if loosened(before, after) is not None:
        return
    about = project.model_copy(update={"project": project.project.model_copy(update={"tier": tier})})
    seen = evidence([Fact(id="load.requests", value=value, unit=Unit.COUNT)], on=today - timedelta(days=age))
    first, second = (grade(about, [way], [seen], (), today) for way in (before, after))
    goodness = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.WARN: 2, Verdict.PASS: 3}
    if first.judged[0].verdict is not Verdict.FAIL or second.judged[0].verdict is not Verdict.UNKNOWN:
        assert goodness[second.judged[0].verdict] <= goodness[first.judged[0].verdict]
    if first.decision is Decision.NO_GO:
        assert second.decision in (Decision.NO_GO, Decision.UNDETERMINED)
    assert first.judged[0].criterion.blocking <= second.judged[0].criterion.blocking
