"""What a journey sends and what it keeps: people, placeholders, extraction, arrivals, recorder."""

from __future__ import annotations

import re
import uuid
from random import Random

import numpy as np
import pytest
from scipy import stats

from loadtests.engine.arrivals import schedule
from loadtests.engine.orders import Limits
from loadtests.engine.recorder import Exchange, Recorder
from loadtests.engine.tracing import traceparent
from scorecard.journeys import JourneyError, templates
from scorecard.journeys.extraction import Answer, Missing, compile_extractor
from scorecard.journeys.people import fresh_uuid, member, person
from scorecard.project_journeys import Journey

_NO_LIMITS = Limits(sessions=10**9, errors=10**9, slow=10**9, slow_s=1.0)


def luhn_is_valid(number: str) -> bool:
    digits = [int(d) for d in number]
    doubled = [d * 2 - 9 * (d * 2 > 9) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def iban_is_valid(iban: str) -> bool:
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def answer(content: str = "", content_type: str = "application/json", **headers: str) -> Answer:
    return Answer(200, {"content-type": content_type, **headers}, content.encode())


def test_made_up_identifiers_are_valid() -> None:
    random = Random(1)
    for number in range(200):
        someone = {name: str(value) for name, value in person(random, number).items()}
        assert len(someone["siren"]) == 9
        assert luhn_is_valid(someone["siren"])
        assert len(someone["siret"]) == 14
        assert luhn_is_valid(someone["siret"])
        assert someone["siret"].startswith(someone["siren"])
        assert len(someone["iban"]) == 27
        assert iban_is_valid(someone["iban"])


def test_the_check_of_identifiers_finds_a_wrong_digit() -> None:
    assert luhn_is_valid("732829320")
    assert not luhn_is_valid("732829321")
    assert iban_is_valid("FR7630006000011234567890189")
    assert not iban_is_valid("FR7630006000011234567890188")


def test_a_uuid_is_a_version_4() -> None:
    assert uuid.UUID(fresh_uuid(Random(1))).version == 4


@pytest.mark.parametrize("size", [1, 2, 10, 997, 3000])
def test_everybody_comes_once_before_anybody_twice(size: int) -> None:
    assert sorted(member(index, size) for index in range(size)) == list(range(size))


def test_a_json_string_that_is_one_placeholder_keeps_its_type() -> None:
    values = {"n": 7, "name": "Ada", "list": [1, 2]}
    body = {"n": "{n}", "text": "no {n}", "deep": [{"who": "{name}"}, "{list}"], "flag": True, "none": None}
    assert templates.json_body(body, values) == {
        "n": 7,
        "text": "no 7",
        "deep": [{"who": "Ada"}, [1, 2]],
        "flag": True,
        "none": None,
    }


def test_a_path_is_encoded_unless_a_whole_address_stands_at_its_start() -> None:
    values = {"email": "a+b@c.fr", "link": "http://127.0.0.1:9/x?y=1&z=2"}
    assert templates.path("/find?mail={email}", values) == "/find?mail=a%2Bb%40c.fr"
    assert templates.path("{link}", values) == "http://127.0.0.1:9/x?y=1&z=2"


def test_a_value_nobody_gives_is_refused_before_the_load() -> None:
    journey = Journey.model_validate({"name": "read", "steps": [{"get": "/"}, {"get": "/dossiers/{dossier}"}]})
    with pytest.raises(JourneyError, match=r"journey read, step 2 .*\{dossier\} is neither generated"):
        templates.check(journey)


def test_a_value_of_an_earlier_step_is_known() -> None:
    steps = [{"get": "/", "extract": {"id": "$.id"}}, {"get": "/{id}", "headers": {"X": "{id}"}, "contains": "{siret}"}]
    templates.check(Journey.model_validate({"name": "read", "steps": steps}))


def test_a_json_path_takes_the_value() -> None:
    assert compile_extractor("$.a.b")(answer('{"a": {"b": 5}}'), Random(1)) == 5


def test_of_several_matches_one_is_drawn() -> None:
    extract = compile_extractor("$.items[*].id")
    drawn = {extract(answer('{"items": [{"id": 1}, {"id": 2}, {"id": 3}]}'), Random(seed)) for seed in range(30)}
    assert drawn == {1, 2, 3}


def test_a_regex_takes_its_group_and_undoes_the_escapes_of_html() -> None:
    page = '<a href="http://x/?a=1&amp;b=2">'
    assert compile_extractor('regex:href="([^"]+)"')(answer(page, "text/html"), Random(1)) == "http://x/?a=1&b=2"


def test_a_header_is_taken() -> None:
    assert compile_extractor("header:Location")(answer(Location="/x"), Random(1)) == "/x"


@pytest.mark.parametrize(
    ("expression", "content"),
    [("$.id", "{}"), ("$.id", "<html>"), ("regex:(a+)", "b"), ("header:Location", "")],
)
def test_what_is_not_there_is_missing(expression: str, content: str) -> None:
    with pytest.raises(Missing):
        compile_extractor(expression)(answer(content), Random(1))


@pytest.mark.parametrize("expression", ["id", "$..[", "regex:(", "header:", "xpath://a"])
def test_a_wrong_expression_is_refused(expression: str) -> None:
    with pytest.raises(JourneyError, match=re.escape(repr(expression.removeprefix("regex:")))):
        compile_extractor(expression)


def test_poisson_arrivals_are_poisson() -> None:
    moments = np.array([moment for moment, _ in schedule({"a": 60.0, "b": 40.0}, 100, Random(5))])
    assert len(moments) == 10_000
    gaps = np.diff(moments)
    assert stats.kstest(gaps, "expon", args=(0, gaps.mean())).pvalue > 0.01


def test_constant_arrivals_are_not_poisson() -> None:
    gaps = np.diff([moment for moment, _ in schedule({"a": 100.0}, 100, Random(5), "constant")])
    assert gaps == pytest.approx(np.full(9999, 0.01))
    assert stats.kstest(gaps, "expon", args=(0, gaps.mean())).pvalue < 0.01


def test_a_rate_below_one_a_step_comes_as_often_as_it_should() -> None:
    counts = [len(schedule({"a": 0.05}, 10, Random(seed))) for seed in range(1000)]
    assert set(counts) == {0, 1}
    assert sum(counts) == pytest.approx(500, abs=80)


def test_a_traceparent_is_valid_and_says_whether_it_is_sampled() -> None:
    trace_id, header = traceparent(Random(1), sampled=True)
    assert re.fullmatch(rf"00-{trace_id}-[0-9a-f]{{16}}-01", header)
    assert len(trace_id) == 32
    assert traceparent(Random(1), sampled=False)[1].endswith("-00")


def exchange(intended: float, ended: float, **more: object) -> Exchange:
    return Exchange(label="a", intended=intended, sent=intended, ended=ended, **{"hops": 1, **more})  # type: ignore[arg-type]


def test_only_what_was_meant_for_the_window_counts() -> None:
    recorder = Recorder(10, 20, _NO_LIMITS)
    for intended in (9.9, 10.0, 19.9, 20.0):
        recorder.sending(intended)
        recorder.answered(exchange(intended, intended + 0.05))
    (step,) = recorder.report(20)["steps"]
    assert step["requests"] == 2


def test_requests_to_another_origin_break_no_limit() -> None:
    recorder = Recorder(0, 10, Limits(sessions=1, errors=0, slow=0, slow_s=0.1))
    recorder.answered(exchange(1, 2, hops=0, error="status 500"))
    assert recorder.broken is None
    assert recorder.report(10)["steps"][0]["elsewhere"]
    recorder.answered(exchange(1, 2, hops=1))
    assert recorder.broken == "slow"


def test_requests_under_way_add_up_to_littles_number() -> None:
    recorder = Recorder(0, 10, _NO_LIMITS)
    for start in range(5):
        recorder.sending(start * 2)
        recorder.answered(exchange(start * 2, start * 2 + 1))
    assert recorder.report(10)["in_flight"] == pytest.approx(0.5)


def test_errors_in_a_row_for_a_second_are_a_dead_target() -> None:
    recorder = Recorder(0, 10, Limits(sessions=9, errors=999, slow=999, slow_s=1, dead_after=5))
    for tenth in range(10):
        recorder.answered(exchange(tenth / 10, tenth / 10, error="connection refused"))
    assert recorder.broken is None
    recorder.answered(exchange(1.1, 1.1, error="connection refused"))
    assert recorder.broken == "dead"


@pytest.mark.parametrize(("cut_short", "errors"), [(False, 1), (True, 0)])
def test_an_answer_that_never_came_is_an_error_unless_nobody_waited_for_it(cut_short: bool, errors: int) -> None:
    recorder = Recorder(0, 10, _NO_LIMITS)
    recorder.sending(1)
    if cut_short:
        recorder.cut_short()
    recorder.answered(exchange(1, 12, error="unfinished"))
    assert sum(sum(step["errors"].values()) for step in recorder.report(10)["steps"]) == errors
