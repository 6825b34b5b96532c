"""The shipped catalogue: sound, complete, and without a path on which something not observed could pass."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from scorecard.cli.stages import COLLECTORS
from scorecard.criteria import CatalogueError, Criterion, Domain, Reference, catalogue
from scorecard.evidence import Fact, Status, Text, Unit
from scorecard.grading import grade, thresholds
from scorecard.project import TIERS
from scorecard.scorecard import Decision, Verdict
from security.traced_values import NAME

CRITERIA = {c.id: c for c in catalogue()}
BLOCKING = {
    "capacity.population",
    "capacity.errors-at-peak",
    "resilience.no-lost-write",
    "security.authorisation",
    "security.code-high",
    "security.command-injection",
    "security.path-traversal",
    "security.sql-injection",
    "security.vulnerable-dependencies",
    "security.secrets",
}
BLOCKING_IN = {
    "security.homologation": ("national",),
    "resilience.recovers-from-overload": ("national",),
    "trust.dpia": ("national",),
    "trust.human-decides": ("national",),
    "trust.bias-evaluated": ("national",),
    "trust.decision-mention": ("local", "national"),
}
EVIDENCE_OF_PREFIX = {
    "load": {"load", "scaling"},
    **{name: {name} for name in ("spike", "recovery", "soak", "growth")},
    "demand": {"demand"},
    "security": {NAME, *(one.id for one in COLLECTORS if one.room == "security")},  # NAME is read from the traces
    "trace": {"traces"},
    "page": {"pages", "pages-peak"},
    "operations": {"operability"},
    "k8s": {"manifests"},
    "service": {"service"},
    "declared": {"declarations"},
}


def test_there_are_many_criteria_over_all_ten_domains():
    counts = Counter(c.domain for c in CRITERIA.values())
    assert set(counts) == set(Domain)
    assert min(counts.values()) >= 5
    assert len(CRITERIA) >= 135


def test_few_criteria_block_and_they_are_these():
    found = {c.id: c.blocks_in for c in CRITERIA.values() if c.blocking}
    assert found == dict.fromkeys(BLOCKING, TIERS) | BLOCKING_IN


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
class TestEachCriterion:
    def test_is_named_after_its_domain(self, criterion: Criterion):
        assert criterion.id.startswith(f"{criterion.domain.value}.")

    def test_speaks_both_languages(self, criterion: Criterion):
        for said in (criterion.title, criterion.why, criterion.remedy):
            assert said.en.strip()
            assert said.fr.strip()
            assert said.en != said.fr or said is criterion.title

    def test_uses_french_typography(self, criterion: Criterion):
        for said in (criterion.title, criterion.why, criterion.remedy):
            assert "'" not in said.fr
            assert not re.search(r"(?<=\S) ?(?<![\u202f])[;?!](?=\s|$)", said.fr)
            assert not re.search(r" :|« | »|\d %", said.fr)

    def test_reads_a_fact_from_the_evidence_that_holds_it(self, criterion: Criterion):
        assert criterion.evidence in EVIDENCE_OF_PREFIX[criterion.fact.split(".")[0]]

    def test_requires_a_sound_measurement_where_it_judges_load(self, criterion: Criterion):
        if criterion.evidence == "load" and criterion.judges == "service":
            assert "capacity.sample-size" in criterion.requires
        if criterion.fact in ("load.p95", "load.peak_p95"):
            assert {"capacity.errors-at-peak", "capacity.sustained-errors"} & set(criterion.requires)

    def test_passes_warns_and_fails_without_a_gap(self, criterion: Criterion, cases):
        for value, expected in cases.values_of(criterion):
            assert cases.verdict(criterion, value) is expected, value

    def test_is_unknown_whatever_is_wrong_with_its_evidence(self, criterion: Criterion, cases):
        good = next(value for value, expected in cases.values_of(criterion) if expected is Verdict.PASS)
        assert cases.verdict(criterion, good) is Verdict.PASS  # the control: nothing but the trouble makes it unknown
        for name, verdict in cases.troubles(criterion, good):
            assert verdict is Verdict.UNKNOWN, name


class Cases:
    """Evidence for one criterion and all it requires, with the value of that criterion chosen."""

    def __init__(self, project, evidence, today):
        self.project, self.evidence, self.today = project, evidence, today

    def values_of(self, criterion: Criterion):
        """Values around the thresholds, each with the verdict it must get."""
        line = thresholds.line(criterion, self.project)
        short = Verdict.UNKNOWN if criterion.judges == "measurement" else Verdict.FAIL
        if criterion.better == "equal":
            yield line.pass_, Verdict.PASS
            if line.warn is not None:
                yield line.warn, Verdict.WARN
            yield (not line.pass_ if isinstance(line.pass_, bool) else "something else"), short
            return
        worse = 1 if criterion.better == "lower" else -1
        step = 1 if criterion.unit in (Unit.COUNT, Unit.USERS) else 1e-4
        limits = [line.pass_] if line.warn is None else [line.pass_, line.warn]
        verdicts = [Verdict.PASS, Verdict.WARN, short] if line.warn is not None else [Verdict.PASS, short]
        for limit, better, beyond in zip(limits, verdicts, verdicts[1:], strict=False):
            yield limit, (beyond if criterion.exclusive else better)
            for value, expected in ((limit - worse * step, better), (limit + worse * step, beyond)):
                yield value, (expected if value >= 0 else Verdict.UNKNOWN)
        yield limits[-1] + worse * 1e9, (short if worse == 1 else Verdict.UNKNOWN)

    def verdict(self, criterion: Criterion, value, **changes):
        needed = self.needed(criterion)
        by_evidence: dict[str, list[Fact]] = {}
        for one in needed:
            chosen = value if one is criterion else next(v for v, e in self.values_of(one) if e is Verdict.PASS)
            fact = self.fact(one, chosen)
            if one is criterion:
                fact = fact.model_copy(update=changes.get("fact", {}))
            if one is not criterion or not changes.get("left_out"):
                by_evidence.setdefault(one.evidence, []).append(fact)
        by_evidence.setdefault(criterion.evidence, [])
        twice = changes.get("twice", False)
        items = []
        for name, facts in by_evidence.items():
            about = changes.get("evidence", {}) if name == criterion.evidence else {}
            items += [self.evidence(facts, name=name, **about)] * (2 if twice and name == criterion.evidence else 1)
        card = grade(self.project, needed, items, (), changes.get("on", self.today))
        return next(j.verdict for j in card.judged if j.criterion.id == criterion.id)

    def troubles(self, criterion: Criterion, good):
        why = Text(en="not seen", fr="pas vu")
        other = Unit.TEXT if criterion.unit is not Unit.TEXT else Unit.COUNT
        other_value = "x" if other is Unit.TEXT else 1
        age = timedelta(days=criterion.max_age_days + 1)
        yield "left out", self.verdict(criterion, good, left_out=True)
        yield "no value", self.verdict(criterion, good, fact={"value": None, "low": None, "high": None, "reason": why})
        yield "other unit", self.verdict(criterion, good, fact={"unit": other, "value": other_value})
        yield "twice", self.verdict(criterion, good, twice=True)
        yield "failed", self.verdict(criterion, good, evidence={"status": Status.ERROR})
        yield "skipped", self.verdict(criterion, good, evidence={"status": Status.SKIPPED})
        yield "other project", self.verdict(criterion, good, evidence={"project": "Other"})
        yield "stale", self.verdict(criterion, good, on=self.today + age)
        yield "in the future", self.verdict(criterion, good, on=self.today - timedelta(days=1))
        for name in criterion.requires:
            required = CRITERIA[name]
            bad = next(v for v, e in self.values_of(required) if e is not Verdict.PASS)
            facts = [self.fact(c, next(v for v, e in self.values_of(c) if e is Verdict.PASS)) for c in
                     self.needed(criterion) if c is not criterion and c is not required]  # fmt: skip
            facts += [self.fact(criterion, good), self.fact(required, bad)]
            yield f"{name} does not pass", self._mixed(criterion, facts)

    def _mixed(self, criterion: Criterion, facts):
        needed = self.needed(criterion)
        homes = {c.fact: c.evidence for c in needed}
        items = [self.evidence([f for f in facts if homes[f.id] == n], name=n) for n in sorted(set(homes.values()))]
        card = grade(self.project, needed, items, (), self.today)
        return next(j.verdict for j in card.judged if j.criterion.id == criterion.id)

    def fact(self, criterion: Criterion, value) -> Fact:
        said = {"observed_on": self.today, "source": "Ann, https://proof"} if criterion.basis == "declared" else {}
        ends = {"low": value, "high": value} if criterion.use != "value" else {}
        return Fact(id=criterion.fact, value=value, unit=criterion.unit, **said, **ends)

    def needed(self, criterion: Criterion) -> list[Criterion]:
        found = {criterion.id: criterion}
        for name in criterion.requires:
            found |= {c.id: c for c in self.needed(CRITERIA[name])}
        return list(found.values())


@pytest.fixture(scope="module")
def cases(project, evidence, today, shipped):
    """For the kind of project that the criterion under test is asked of."""
    del shipped

    class ForKind(Cases):
        def verdict(self, criterion, value, **changes):
            self.project = _of_kind(project, criterion.kinds[0])
            return super().verdict(criterion, value, **changes)

    return ForKind(project, evidence, today)


def _of_kind(project, kind):
    return project.model_copy(update={"project": project.project.model_copy(update={"kind": kind})})


def test_every_measured_fact_is_asked_in_one_unit_only():
    units: dict[str, set[Unit]] = {}
    for criterion in CRITERIA.values():
        units.setdefault(criterion.fact, set()).add(criterion.unit)
    assert {fact: found for fact, found in units.items() if len(found) > 1} == {}


def test_thresholds_of_the_official_indicators_are_the_published_ones():
    def line(name):
        c = CRITERIA[f"user-service.{name}"]
        return c.better, c.pass_, c.warn, c.exclusive

    assert line("satisfaction") == line("clarity") == line("help") == ("higher", 8, 5, False)
    assert line("accessibility") == ("higher", 1.0, 0.5, False)
    assert line("once-only") == ("lower", 1, 4, False)
    assert line("reachable") == ("higher", 0.85, 0.70, False)
    assert line("availability") == ("higher", 0.999, 0.985, False)
    times = {line("load-time"), line("load-time-at-rest"), line("load-time-at-peak")}
    assert times == {("lower", 0.4, 0.8, True)}


def test_a_threshold_from_the_project_file_is_named_in_words():
    population = CRITERIA["capacity.population"]
    assert isinstance(population.pass_, Reference)
    assert thresholds.words(population, None).en == "at least the users of the project"


def table(**changes):
    lines = {
        "id": '"x.y"', "domain": '"capacity"', "title": '{ en = "t", fr = "t" }', "why": '{ en = "w", fr = "w" }',
        "remedy": '{ en = "r", fr = "r" }', "source": '"practice"', "basis": '"measured"', "evidence": '"load"',
        "fact": '"load.x"', "unit": '"s"', "better": '"lower"', "pass": "0.4", "max_age_days": "30", "weight": "1",
        "blocking": "false", "effort": '"days"', **changes,
    }  # fmt: skip
    return "[[criteria]]\n" + "\n".join(f"{k} = {v}" for k, v in lines.items() if v is not None) + "\n"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (table(warn="0.3"), "warn must be easier to reach"),
        (table(warn="0.4"), "warn must be easier to reach"),
        (table(better='"equal"'), "judged by 'equal'"),
        (table(unit='"bool"', better='"equal"'), "threshold of its own type"),
        (table(unit='"bool"', better='"equal"', **{"pass": "true", "warn": "false"}), "only a word may warn"),
        (table(unit='"bool"', better='"equal"', exclusive="true", **{"pass": "true"}), "exclusive"),
        (table(**{"pass": "nan"}), "pass"),
        (table(weight="0"), "weight"),
        (table(source='""'), "a source is named, in both languages"),
        (table(source='{ en = "RGPD, art. 6", fr = "" }'), "a source is named, in both languages"),
        (table(max_age_days=None), "max_age_days"),
        (table(blocking=None), "blocking"),
        (table(kinds="[]"), "kinds"),
        (table(blocking='["national", "national"]'), "names a tier twice"),
        (table(blocking='["regional"]'), "blocks_in"),
        (table(blocking="[]"), "blocks_in"),
        (table(by_tier="{ local = { pass = 0.4, warn = 0.3 } }"), "warn must be easier to reach"),
        (table(by_tier="{ local = { pass = true } }"), "the threshold of a number"),
        (table(by_tier="{ regional = { pass = 1.0 } }"), "by_tier"),
        (table(by_tier="{ local = { warn = 1.0 } }"), "by_tier"),
        (table(requires='["x.z"]') + table(id='"x.z"', by_tier="{ local = { pass = 0.4, warn = 0.5 } }"), "warn zone"),
        (table(requires='["x.z"]', blocking="true") + table(id='"x.z"', blocking='["national"]'), "does not block"),
        (table(colour='"red"'), "colour"),
        (table(evidence='"declarations"'), "declared criteria, and only they"),
        (table(fact='"declared.x"'), "declared criteria, and only they"),
        (table(contradicts='"x.z"'), "only a declaration contradicts"),
        (table(requires='["x.z"]'), "does not exist"),
        (table(requires='["x.y"]'), "cannot require itself"),
        (table() + table(), "twice"),
        (table(requires='["x.z"]') + table(id='"x.z"', requires='["x.y"]'), "require each other"),
        (table(requires='["x.z"]') + table(id='"x.z"', warn="0.5"), "warn zone"),
        (table(requires='["x.z"]', blocking="true") + table(id='"x.z"'), "does not block"),
        (table(requires='["x.z"]') + table(id='"x.z"', kinds='["api"]'), "does not apply"),
        (
            table(requires='["x.z"]', kinds='["api"]')
            + table(id='"x.z"', kinds='["appointment"]', judges='"measurement"'),
            "does not apply",
        ),
        (
            table(requires='["x.z"]')
            + table(id='"x.w"')
            + table(id='"x.z"', kinds='["api"]', judges='"measurement"', requires='["x.w"]'),
            "requires others itself",
        ),
        ("[criterion]\n", "unknown table"),
        ("[[criteria]\n", "own.toml"),
    ],
)
def test_a_catalogue_with_a_hole_is_refused_in_one_line(tmp_path: Path, content: str, complaint: str):
    (tmp_path / "own.toml").write_text(content, encoding="utf-8")
    with pytest.raises(CatalogueError, match=re.escape(complaint)) as caught:
        catalogue(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_sound_catalogue_of_ones_own_is_read(tmp_path: Path):
    (tmp_path / "own.toml").write_text(table(), encoding="utf-8")
    assert [c.id for c in catalogue(tmp_path)] == ["x.y"]


def test_a_criterion_blocks_in_the_tiers_it_names_only(criterion, project, evidence, today):
    asked = criterion("a", blocking=["national"])
    assert {t: asked.in_tier(t).blocking for t in TIERS} == {"experiment": False, "local": False, "national": True}
    assert asked.blocking, "not settled, it is as it is where it is strictest"
    for tier, decision in (("national", Decision.NO_GO), ("local", Decision.UNDETERMINED)):
        card = grade(_of_tier(project, tier), [asked], [evidence([_seconds("load.a", 9.0)])], (), today)
        assert (card.decision, card.project.tier) == (decision, tier)


def test_a_threshold_of_a_tier_replaces_the_general_one(criterion, project, evidence, today):
    asked = criterion("a", **{"pass": 0.4, "warn": 0.8}, by_tier={"experiment": {"pass": 2.0}})
    for tier, verdict in (("experiment", Verdict.PASS), ("local", Verdict.FAIL), ("national", Verdict.FAIL)):
        card = grade(_of_tier(project, tier), [asked], [evidence([_seconds("load.a", 1.5)])], (), today)
        assert [j.verdict for j in card.judged] == [verdict]
    assert asked.in_tier("experiment").warn is None


def _of_tier(project, tier):
    return project.model_copy(update={"project": project.project.model_copy(update={"tier": tier})})


def _seconds(name, value):
    return Fact(id=name, value=value, unit=Unit.SECOND)


@pytest.mark.parametrize("kind", ["online-procedure", "appointment", "api", "internal-tool"])
@pytest.mark.parametrize("share", [None, 0.0, 0.009, 0.01, 0.4])
@pytest.mark.parametrize("name", ["capacity.population", "capacity.headroom"])
def test_a_capacity_found_by_reading_alone_counts_only_where_nobody_files(
    project, evidence, today, cases, kind, share, name
):
    needed = cases.needed(CRITERIA[name])
    writes = CRITERIA["capacity.journeys-write"]
    assert writes in needed
    facts = [
        cases.fact(c, next(v for v, e in cases.values_of(c) if e is Verdict.PASS)) for c in needed if c is not writes
    ]
    if share is not None:
        facts.append(cases.fact(writes, share))
    card = grade(_of_kind(project, kind), needed, [evidence(facts)], (), today)
    judged = next(j for j in card.judged if j.criterion.id == name)
    files = kind in ("online-procedure", "appointment")
    counts = not files or (share is not None and share >= 0.01)
    assert judged.verdict is (Verdict.PASS if counts else Verdict.UNKNOWN)
    if name == "capacity.population":
        assert (card.capacity.users_low is not None) == counts
        assert counts or "The load test also writes" in card.capacity.reason.en
