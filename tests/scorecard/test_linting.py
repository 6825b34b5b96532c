"""The lint finds what reading a catalogue cannot refuse; each broken catalogue below is a control it must catch."""

from __future__ import annotations

import pytest

from scorecard.criteria import Criterion
from scorecard.linting import Producers, lint
from scorecard.linting.court import TROUBLES, courts
from scorecard.linting.producers import producers
from scorecard.linting.values import values
from scorecard.scorecard import Verdict


@pytest.fixture(scope="module")
def made() -> Producers:
    return producers()


def rules(problems) -> set[tuple[str, str]]:
    return {(p.criterion, p.rule) for p in problems}


@pytest.fixture
def one(criterion):
    """A sound criterion on pages, in seconds, unless told otherwise."""

    def make(identifier: str = "user-service.x", **changes) -> Criterion:
        words = {"en": "In English", "fr": "En français"}
        return criterion(
            identifier,
            **{
                "domain": "user-service",
                "title": words,
                "why": words,
                "remedy": words,
                "evidence": "pages",
                "fact": "page.load_time",
                "source": "Standard 12, part 3",
                **changes,
            },
        )

    return make


def test_the_shipped_catalogue_is_sound(shipped, made):
    assert [f"{p.criterion}: {p.text.en}" for p in lint(shipped, made)] == []


def test_a_sound_criterion_has_no_problem(one, made):
    assert lint([one()], made) == ()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"why": {"en": "", "fr": "Rien."}}, "languages"),
        ({"remedy": {"en": "Mend it.", "fr": " "}}, "languages"),
        ({"title": {"en": "Service", "fr": "Service"}}, "languages"),
        ({"why": {"en": "It's so.", "fr": "C'est ainsi."}}, "typography"),
        ({"why": {"en": "Why?", "fr": "Pourquoi ?"}}, "typography"),
        ({"why": {"en": "10 %", "fr": "Sous 10 % des cas"}}, "typography"),
        ({"source": "field practice"}, "source"),
        ({"source": "RGPD"}, "source"),
        ({"fact": "page.nobody_writes_this"}, "orphan"),
        ({"evidence": "no-such-evidence"}, "orphan"),
        ({"fact": "page.share", "unit": "1", "better": "higher", "pass": 1.2}, "unreachable"),
        ({"fact": "page.share", "unit": "1", "better": "lower", "pass": 0.5, "warn": 1.0}, "unreachable"),
        ({"fact": "page.share", "unit": "1", "better": "higher", "pass": 1.0, "exclusive": True}, "unreachable"),
        ({"unit": "/10", "better": "higher", "pass": 11}, "unreachable"),
        ({"unit": "count", "better": "higher", "pass": 3, "warn": 0}, "zero"),
        ({"unit": "count", "better": "higher", "pass": 0}, "zero"),
        ({"unit": "count", "better": "higher", "pass": {"of": "project.agents"}}, "zero"),
        ({"unit": "s", "better": "higher", "pass": -1.0}, "zero"),
        ({"unit": "s", "better": "lower", "pass": 0.0, "exclusive": True}, "unreachable"),
        (
            {"better": "lower", "pass": {"of": "objectives.p95", "times": 2.0}, "warn": {"of": "objectives.p95"}},
            "unreachable",
        ),
        ({"fact": "page.share", "unit": "1", "pass": 0.1, "by_tier": {"experiment": {"pass": 1.0}}}, "unreachable"),
    ],
)
def test_a_broken_criterion_is_caught_by_the_rule_for_it(one, made, changes, rule):
    assert ("user-service.x", rule) in rules(lint([one(**changes)], made))


@pytest.mark.parametrize(
    ("requires", "rule"),
    [([], {"company"}), (["capacity.sent"], {"company"}), (["capacity.sent", "capacity.ok"], set())],
)
def test_a_latency_under_load_needs_that_enough_was_sent_and_that_answers_were_no_errors(one, made, requires, rule):
    sent = one(
        "capacity.sent", evidence="load", fact="load.requests", unit="count", better="higher", judges="measurement",
        **{"pass": 1000},
    )  # fmt: skip
    ok = one("capacity.ok", evidence="load", fact="load.error_rate", unit="1", judges="measurement", **{"pass": 0.1})
    p95 = one("capacity.p95", evidence="load", fact="load.p95", requires=requires)
    found = [p for p in lint([sent, ok, p95], made) if p.criterion == "capacity.p95"]
    assert {p.rule for p in found} == rule


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda t: t.en)
def test_a_grader_that_lets_trouble_pass_is_caught(one, made, monkeypatch, trouble):
    """The control of the trials themselves: a grader that is blind to one trouble."""
    from scorecard.linting import court

    real = court.Court.verdict

    def blind(self, value, given=court.NONE):
        return real(self, value, court.NONE if given is trouble else given)

    monkeypatch.setattr(court.Court, "verdict", blind)
    assert rules(lint([one()], made)) == {("user-service.x", "fail-open")}


def test_a_precondition_that_is_dropped_is_caught(one, made, monkeypatch):
    from scorecard.linting import court

    real = court.grade

    def careless(project, criteria, evidence, waivers, today):
        free = [c.model_copy(update={"requires": ()}) for c in criteria]
        return real(project, free, evidence, waivers, today)

    first = one("user-service.first", fact="page.third_parties", unit="count", judges="measurement", **{"pass": 0})
    second = one(requires=["user-service.first"])
    assert lint([first, second], made) == ()
    monkeypatch.setattr(court, "grade", careless)
    assert rules(lint([first, second], made)) == {("user-service.x", "fail-open")}


def test_a_negative_number_is_never_an_answer(one, made, monkeypatch):
    from scorecard.grading import observations

    (only,) = courts(one(), {})
    assert only.verdict(-1) is Verdict.UNKNOWN
    monkeypatch.setattr(observations, "isinstance", lambda *_: False, raising=False)
    assert ("user-service.x", "negative") in rules(lint([one()], made))


def test_each_shipped_criterion_is_tried_below_on_and_above_each_threshold(shipped):
    for criterion in shipped:
        (first, *_) = courts(criterion, {c.id: c for c in shipped})
        offered = values(first.criterion, first.project)
        assert len(offered) >= (2 if criterion.better == "equal" else 3), criterion.id


def test_a_fact_is_known_by_its_name_or_by_how_its_name_is_made(made):
    assert made.produce("load.p95")
    assert made.produce("trace.share_sql")
    assert made.produce("security.code_high")
    assert not made.produce("security.code_terrible")
    assert not made.produce("load.p96")


def test_a_better_value_with_a_worse_verdict_is_caught(one, made, monkeypatch):
    from scorecard.linting import court

    real = court.Court.verdict

    def moody(self, value, given=court.NONE):
        return Verdict.FAIL if value == 0 and given is court.NONE else real(self, value, given)

    monkeypatch.setattr(court.Court, "verdict", moody)
    assert rules(lint([one()], made)) == {("user-service.x", "gap")}
