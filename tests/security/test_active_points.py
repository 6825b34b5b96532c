"""Places of a request: every one is found, and a value put there changes nothing else."""

from __future__ import annotations

import json
from random import Random
from urllib.parse import parse_qsl, urlencode, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from scorecard.journeys.exchange import Reply, Sent
from security.active_attempt import Attempt
from security.active_plan import Known, covers, request
from security.active_points import Point, points, put, with_query
from security.active_sql import try_sql
from security.operations import Operation

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
LEAVES = TEXTS | st.integers(-9, 9)
BODIES = st.dictionaries(
    TEXTS, LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(TEXTS, LEAVES, max_size=3), min_size=1, max_size=4
)
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def leaves(node):
    match node:
        case dict():
            return [leaf for inner in node.values() for leaf in leaves(inner)]
        case list():
            return [leaf for inner in node for leaf in leaves(inner)]
        case _:
            return [str(node)]


@given(BODIES, TEXTS)
def test_a_value_put_into_json_stands_at_its_place_and_nowhere_else(body, value):
    sent = Sent("POST", "http://s/a", JSON, json.dumps(body).encode())
    found = points(sent, ())
    assert [point.value for point in found] == leaves(body)
    for at, point in enumerate(found):
        expected = leaves(body)
        expected[at] = value
        assert leaves(json.loads(put(sent, point, value).body)) == expected


@given(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=4), TEXTS)
def test_a_value_put_into_a_form_or_query_stands_at_its_place_and_nowhere_else(fields, value):
    form = Sent("POST", "http://s/a", FORM, urlencode(fields).encode())
    query = Sent("GET", f"http://s/a?{urlencode(fields)}")
    for sent in (form, query):
        found = points(sent, ())
        assert {str(point.key[0]): point.value for point in found} == fields
        for point in found:
            changed = put(sent, point, value)
            text = changed.body.decode() if changed.body is not None else urlsplit(changed.url).query
            assert dict(parse_qsl(text, keep_blank_values=True)) == fields | {point.key[0]: value}


@given(TEXTS)
def test_of_a_path_what_varies_is_a_place_and_stays_one_segment(value):
    sent = Sent("GET", "http://s/files/17/parts")
    (point,) = points(sent, {"17"})
    changed = urlsplit(put(sent, point, f"../{value}/..").url)
    assert changed.path.count("/") == 3
    assert changed.path.startswith("/files/")
    assert (changed.query, changed.netloc) == ("", "s")


def test_parameters_are_added_to_those_there_are():
    assert with_query(Sent("GET", "http://s/a?x=1"), {"y": "2"}).url == "http://s/a?x=1&y=2"


def test_a_path_takes_the_values_that_the_journeys_were_given():
    known = Known(["/v1/files/0a17", "/v1/towns/19/streets/7"], {"email": "usager-1@example.org", "id": "0a17"})
    cases = {"/v1/files/{file}/parts": "/v1/files/0a17/parts", "/v1/towns/{t}/streets/{s}": "/v1/towns/19/streets/7"}
    for written, expected in cases.items():
        assert urlsplit(request("http://s", Operation("GET", written), known, Random(1), {})().url).path == expected
    body = {"contact_email": "x", "note": "y"}
    sent = request("http://s", Operation("POST", "/v1/files", media="json", body=body), known, Random(1), {})()
    assert json.loads(sent.body) == {"contact_email": "usager-1@example.org", "note": "y"}


def test_an_operation_covers_requests_of_its_form_only():
    operation = Operation("GET", "/a/{b}/c")
    assert covers(operation, [("GET", "/a/1/c")])
    assert not covers(operation, [("POST", "/a/1/c"), ("GET", "/a/1/2/c"), ("GET", "/a/1"), ("GET", "/a.b/c")])


def test_a_service_whose_answers_vary_by_chance_is_no_injection():
    """Answers that change from one to the next differ for two conditions too: the same one must be answered alike."""
    counter = iter(range(10_000))

    def send(value):
        return Reply(200, {}, f"{'x' * (next(counter) * 7 % 11)}".encode())

    attempt = Attempt(
        route="GET /a", point=Point("query", ("q",), "v"), base=Reply(200), send=send, token="t", call=str,
        called=lambda _: False, only_reads=True, guarded=False, absent=False, thorough=False,
    )  # fmt: skip
    assert try_sql(attempt) is None
