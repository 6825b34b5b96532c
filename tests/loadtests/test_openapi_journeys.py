"""Generic journeys: reading, without credentials, with requests that hold nothing to be misread."""

import re
from dataclasses import replace

import pytest

from loadtests.openapi import Body, Operation, Parameter, Place
from loadtests.openapi_journeys import MAX_STEPS, candidates, journeys, left_out, request_path, step


def _get(path: str, *parameters: Parameter, tags: tuple[str, ...] = ()) -> Operation:
    return Operation("GET", path, parameters=parameters, tags=tags)


def _value(value: str, place: Place = "path", *, invented: bool = False, name: str = "id") -> Parameter:
    return Parameter(name, place, value, invented)


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (Operation("POST", "/a"), "it writes"),
        (Operation("GET", "/a", needs_credentials=True), "credentials"),
        (Operation("GET", "/a", deprecated=True), "deprecated"),
        (Operation("GET", "/a", unreadable="elsewhere"), "another file"),
        (_get("/a", _value("a\r\nX-Evil: 1", "header")), "header"),
        (_get("/a", _value("{secret}", "header")), "header"),
        (_get("/a", _value("1", "header", name="Bad name")), "header"),
    ],
)
def test_what_no_stranger_should_call_under_load_is_left_out_with_a_reason(operation: Operation, why: str) -> None:
    reason = left_out(operation)
    assert reason is not None
    assert why in reason.en
    assert candidates([operation]) == []


def test_what_rests_on_fewest_invented_values_comes_first() -> None:
    invented, known, none = _get("/a/{id}", _value("1", invented=True)), _get("/b/{id}", _value("7")), _get("/c")
    assert candidates([invented, known, none]) == [known, none, invented]


@pytest.mark.parametrize("value", ["a b", "{id}", '"', "../..", "a/b?c#d", "é\n", "100%"])
def test_a_filled_path_holds_no_brace_space_quote_or_control(value: str) -> None:
    operation = _get('/x/{id}/"{odd}', _value(value), _value(value, "query", name="q {x}"))
    assert re.fullmatch(r"/x/[A-Za-z0-9%._~-]+/%22%7Bodd%7D\?q%20%7Bx%7D=[A-Za-z0-9%._~/-]+", request_path(operation))


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        ("/api/pets", "/api", "/pets"),
        ("/api", "/api", "/"),
        ("/apis/pets", "/api", "/apis/pets"),
        ("/pets", "/api", "/pets"),
        ("/pets", "", "/pets"),
    ],
)
def test_the_path_of_the_target_is_not_said_twice(path: str, base: str, expected: str) -> None:
    assert request_path(_get(path), base) == expected


def test_there_is_one_journey_a_tag_and_without_tags_one_a_first_part_of_the_path() -> None:
    found = journeys(
        [_get("/a", tags=("Mes démarches",)), _get("/x/1"), _get("/b", tags=("Mes démarches",)), _get("/x/2")]
    )
    assert [(j.name, [s.path for s in j.steps]) for j in found] == [
        ("mes-demarches", ["/a", "/b"]),
        ("x", ["/x/1", "/x/2"]),
    ]
    assert {j.weight for j in found} == {1.0}


def test_names_of_journeys_are_unique_whatever_the_tags() -> None:
    found = journeys([_get(f"/{t}", tags=(t,)) for t in ("Pets", "pets!", "日本", "🎉", "pets-2", '"\n', "x" * 500)])
    names = [j.name for j in found]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,45}", n) for n in names)


def test_long_journeys_are_cut_into_even_parts() -> None:
    found = journeys([_get(f"/a/{i}") for i in range(MAX_STEPS + 1)])
    assert [len(j.steps) for j in found] == [5, 4]
    assert [j.name for j in found] == ["a", "a-2"]


def test_a_step_carries_headers_body_and_the_status_of_success() -> None:
    operation = replace(
        _get("/a", _value("75", "header", name="X-Region")), method="PUT", body=Body("json", {"a": [1]}), success=204
    )
    made = step(operation)
    assert (made.method, made.headers, made.json_, made.expected) == ("PUT", {"X-Region": "75"}, {"a": [1]}, (204,))
