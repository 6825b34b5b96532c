"""Personal values in traces: typed ones are found under the attribute that held them, silence is unknown."""

from __future__ import annotations

from random import Random

import pytest

from scorecard.evidence import Status
from scorecard.journeys.people import person
from security import traced_values

FACT = "security.personal_values_in_traces"
SOMEONE = {name: str(value) for name, value in person(Random(5), 41).items()}


def test_an_address_of_a_journey_is_found_with_its_attribute(make_site, fact):
    texts = [("http.route", "/dossiers/{id}"), ("dossier.contact", SOMEONE["email"]), ("enduser.id", "7f0c")]
    evidence = traced_values.collect(make_site(), texts)
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
def test_a_personal_value_is_found_however_it_is_written(make_site, fact, text):
    assert fact(traced_values.collect(make_site(), [("db.query.text", text)]), FACT).value == 1


@pytest.mark.parametrize(
    "text",
    ["SELECT 1", "contact@service.example", "4bf92f3577b34da6a3ce929d0e0e4736", "73282932000074", "10.20.30.40:5432"],
)
def test_what_is_nobodys_is_left_alone(make_site, fact, text):
    evidence = traced_values.collect(make_site(), [("any", text)])
    assert (fact(evidence, FACT).value, evidence.status) == (0, Status.COMPLETED)


def test_no_trace_is_unknown(make_site, assert_unknown):
    assert_unknown(traced_values.collect(make_site(), []), FACT, "sent no trace")
    assert_unknown(traced_values.collect(make_site()), FACT, "no trace was received")


def test_traces_that_were_not_read_to_their_end_clear_nothing(make_site, assert_unknown, monkeypatch):
    monkeypatch.setattr(traced_values, "READ_S", -1.0)
    texts = (("n", f"1{number:012d}") for number in range(5000))
    assert_unknown(traced_values.collect(make_site(), texts), FACT, "not read to their end")
