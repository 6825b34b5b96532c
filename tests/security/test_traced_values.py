"""Personal values in traces: typed ones are found under the attribute that held them, silence is unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from urllib.parse import quote, quote_plus

import pytest

from scorecard.evidence import Status
from scorecard.journeys.people import person
from scorecard.project_journeys import Journey, Step
from security import traced_values

FACT = "security.personal_values_in_traces"
TYPING = "/apply?mail={email}&name={name}"
SOMEONE = {name: str(value) for name, value in person(Random(5), 41).items()}


@pytest.fixture
def typing_site(make_site):
    """A site whose journeys type an address and a name, or only what is given."""

    def make(path: str = TYPING):
        site = make_site()
        journey = Journey(name="apply", steps=(Step(name="apply", get=path),))
        return replace(site, project=site.project.model_copy(update={"journeys": (journey,)}))

    return make


def test_an_address_of_a_journey_is_found_with_its_attribute(typing_site, fact):
    texts = [("http.route", "/dossiers/{id}"), ("dossier.contact", SOMEONE["email"]), ("enduser.id", "7f0c")]
    evidence = traced_values.collect(typing_site(), texts)
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, FACT).value == 1
    (finding,) = evidence.findings
    assert (finding.cwe, finding.location, finding.rule) == (
        "CWE-532",
        "trace dossier.contact",
        "personal-data-in-trace",
    )
    assert "dossier.contact" in finding.message
    assert SOMEONE["email"] not in evidence.model_dump_json()


@pytest.mark.parametrize(
    "text",
    [
        f"iban={SOMEONE['iban']}",
        "nir 2 55 08 14 168 025 38",
        "06 12 34 56 78",
        "/search?mail=usager-41%40example.org",
        f"VALUES ('{SOMEONE['iban']}')",
    ],
)
def test_a_personal_value_is_found_however_it_is_written(typing_site, fact, text):
    assert fact(traced_values.collect(typing_site(), [("db.query.text", text)]), FACT).value == 1


@pytest.mark.parametrize(
    "text",
    ["SELECT 1", "contact@service.example", "4bf92f3577b34da6a3ce929d0e0e4736", "73282932000074", "10.20.30.40:5432"],
)
def test_what_is_nobodys_is_left_alone(typing_site, fact, text):
    evidence = traced_values.collect(typing_site(), [("any", text)])
    assert (fact(evidence, FACT).value, evidence.status) == (0, Status.COMPLETED)


def test_no_trace_is_unknown(typing_site, assert_unknown):
    assert_unknown(traced_values.collect(typing_site(), []), FACT, "sent no trace")
    assert_unknown(traced_values.collect(typing_site()), FACT, "no trace was received")


def test_traces_that_were_not_read_to_their_end_clear_nothing(typing_site, assert_unknown, monkeypatch):
    monkeypatch.setattr(traced_values, "READ_S", -1.0)
    texts = (("n", f"1{number:012d}") for number in range(5000))
    assert_unknown(traced_values.collect(typing_site(), texts), FACT, "not read to their end")


@pytest.mark.parametrize("written", [str, quote, quote_plus, json.dumps])
def test_a_name_of_a_made_up_person_is_found_however_it_is_written(typing_site, fact, written):
    for name in ("Camille Bernard", "Élodie Lefèvre"):
        evidence = traced_values.collect(typing_site(), [("user.name", written(name))])
        assert fact(evidence, FACT).value == 1
        assert "(name)" in evidence.findings[0].message
        assert "Lefèvre" not in evidence.model_dump_json()


def test_names_that_the_journeys_do_not_type_are_somebody_elses(typing_site, fact):
    evidence = traced_values.collect(typing_site("/apply?mail={email}"), [("author", "Camille Bernard")])
    assert (fact(evidence, FACT).value, evidence.findings) == (0, ())


def test_where_nothing_personal_is_typed_nothing_is_cleared(typing_site, assert_unknown, fact):
    site = typing_site("/towns")
    assert_unknown(traced_values.collect(site, [("http.route", "/towns")]), FACT, "type no personal value")
    found = fact(traced_values.collect(site, [("db.query.text", str(SOMEONE["iban"]))]), FACT)
    assert (found.value, found.low) == (1, 1), "what has a key is somebody's all the same"
