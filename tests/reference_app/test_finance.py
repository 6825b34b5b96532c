"""The books of both sides: compared, every difference is found and no other; and the stand-in that keeps theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

import httpx
import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st
from old_finance import Clock, OldFinance, Place, old_finance

from reference_app.__main__ import main
from reference_app.deliveries import wire
from reference_app.deliveries.errors import GarbledError
from reference_app.deliveries.wire import Payment
from reference_app.procedure import FOLDER, ProcedureError, read
from reference_app.stand_ins import finance_messages as theirs
from reference_app.stand_ins.finance_books import Entry
from reference_app.stand_ins.finance_knobs import LEGAL_TIME, Knobs


@pytest.fixture(scope="module")
def system(tmp_path_factory) -> Iterator[OldFinance]:
    with old_finance(tmp_path_factory.mktemp("finance")) as running:
        yield running


def compared(place: Place, system: OldFinance, day: str, monkeypatch, capsys) -> tuple[int, list[str]]:
    for name, value in place.environment(system).items():
        monkeypatch.setenv(name, value)
    code = main(["reconcile", "--day", day])
    return code, capsys.readouterr().out.splitlines()


def test_exactly_what_differs_between_the_books_is_found(place, system, monkeypatch, capsys):
    system.turn()
    lost, changed, twice, well = place.accepted(4)
    place.work(system, Clock())
    day = system.entries()[0]["day"]
    assert compared(place, system, day, monkeypatch, capsys) == (0, [f"{day}: 4 compared, 0 differ"])

    entries = [entry for entry in system.entries() if entry["reference"] != lost]
    for entry in entries:
        if entry["reference"] == changed:
            entry["amount"] = "500.00"
    entries += [entry for entry in entries if entry["reference"] == twice]
    entries.append({"reference": "AUE-1999-00000001", "amount": "12.50", "day": day})
    system.kill()
    system.journal.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    system.start()

    code, lines = compared(place, system, day, monkeypatch, capsys)
    assert code == 1
    assert sorted(lines[:-1]) == sorted(
        [
            f"{lost}\tmissing_there\t5000\t-",
            f"{changed}\tamounts_differ\t5000\t500",
            f"{twice}\tentered_twice\t5000\t5000",
            "AUE-1999-00000001\tunknown_here\t-\t12.50",
        ]
    )
    assert well not in "".join(lines)
    shown = place.people[1].get("/agent/versements").text
    assert all(reference in shown for reference in (lost, changed, twice, "AUE-1999-00000001"))


def test_books_that_cannot_be_had_are_no_agreement(place, system, monkeypatch, capsys):
    system.turn(closed=True)
    assert compared(place, system, "2026-11-20", monkeypatch, capsys) == (2, [])
    system.turn(fault="garbage")
    assert compared(place, system, "2026-11-20", monkeypatch, capsys) == (2, [])
    assert place.rows("SELECT count(*) FROM reconciliation WHERE day = '2026-11-20'") == [(0,)]


words = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1).filter(
    lambda text: text.strip()
)


@given(payee=words, amount=st.integers(1, 50_000), account=st.none() | st.just("FR7630006000011234567890189"))
def test_what_one_side_writes_the_other_reads(payee, amount, account):
    message = wire.payment(Payment("AUE-2026-00000001", amount, payee, "73282932000074", account))
    assert theirs.payment(message) == ("AUE-2026-00000001", f"{amount}.00")
    assert ElementTree.fromstring(message).find(f".//{{{wire.NAMESPACE}}}nom").text == payee
    entry = Entry("AUE-2026-00000001", f"{amount}.00", "2026-11-22")
    assert wire.acknowledged(theirs.receipt(entry)) == wire.Entry(entry.reference, Decimal(amount), date(2026, 11, 22))
    assert wire.listing(theirs.listing(entry.day, [entry, entry])) == [wire.acknowledged(theirs.receipt(entry))] * 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        theirs.BOMB,
        theirs.GARBAGE,
        theirs.refusal("X", "y"),
        theirs.receipt(Entry("a", "NaN", "2026-11-22")),
        theirs.receipt(Entry("a", "1.00", "yesterday")),
        theirs.receipt(Entry("", "1.00", "2026-11-22")),
        b'<?xml version="1.0" encoding="no-such"?><accuse/>',
    ],
)
def test_an_acknowledgement_that_is_none_is_said_to_be_none(body):
    with pytest.raises(GarbledError):
        wire.acknowledged(body)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no xml", 400),
        (theirs.BOMB, 400),
        (wire.payment(Payment("", 5, "Nom", None, None)), 400),
        (wire.payment(Payment("A-1", 0, "Nom", None, None)), 400),
        (b"a" * 70_000, 413),
        (wire.payment(Payment("A-1", 5, "Nom", None, None)), 201),
        (wire.payment(Payment("A-1", 5, "Nom", None, None)), 200),
        (wire.payment(Payment("A-1", 6, "Nom", None, None)), 409),
    ],
)
def test_the_stand_in_refuses_what_a_finance_system_refuses(system, body, status):
    system.turn()
    assert httpx.post(f"{system.url}/paiements", content=body).status_code == status


def test_the_stand_in_keeps_office_hours_by_legal_time():
    knobs = Knobs(opens=time(7), closes=time(20))
    for hour, is_open in ((6, False), (7, True), (19, True), (20, False)):
        assert knobs.open_at(datetime(2026, 7, 1, hour, 30, tzinfo=LEGAL_TIME).astimezone(UTC)) is is_open


def test_knobs_that_do_not_exist_are_refused(system):
    assert httpx.put(f"{system.url}/knobs", json={"latency": 3}).status_code == 422


def test_agents_see_deliveries_try_again_and_say_what_was_done_elsewhere(place, system):
    place.forget()
    system.turn()
    agent = place.people[1]
    first, second = place.accepted(2)
    page = agent.get("/agent/versements?lang=en")
    assert (page.status_code, first in page.text) == (200, True)
    place.rows("UPDATE delivery SET state = 'failed', problem = 'refused', said = 'DOUBLON'")
    identifier = place.rows("SELECT id::text FROM delivery WHERE reference = %s", first)[0][0]
    other = place.rows("SELECT id::text FROM delivery WHERE reference = %s", second)[0][0]
    path = f"/api/v1/agent/versements/{identifier}"
    assert agent.get(path).json()["state"] == "failed"
    assert agent.post(f"{path}/again").json()["state"] == "ready"
    form = agent.get(f"/agent/versements/{other}?lang=en")
    token = form.text.split('name="token" value="')[1].split('"')[0]
    empty = agent.post(f"/agent/versements/{other}/done-elsewhere", data={"token": token, "said": " "})
    assert (empty.status_code, "said-error" in empty.text) == (422, True)
    done = agent.post(f"/agent/versements/{other}/done-elsewhere", data={"token": token, "said": "Virement du 3 mai."})
    assert "Virement du 3 mai." in done.text
    assert agent.post(f"/api/v1/agent/versements/{other}/again").status_code == 409
    place.work(system, Clock())
    assert place.states() == {first: "sent", second: "done_elsewhere"}
    assert system.times([first, second]) == {first: 1}
    logged = place.rows("SELECT payload::jsonb ->> 'did' FROM operation WHERE payload LIKE '%%delivery.%%' ORDER BY 1")
    assert {"delivery.again", "delivery.done_elsewhere", "delivery.sent"} <= {did for (did,) in logged}
    dossier = place.rows("SELECT id::text FROM dossier WHERE receipt_number = %s", first)[0][0]
    assert identifier in agent.get(f"/agent/dossiers/{dossier}").text
    assert place.people[0].get(path).status_code == 403
    listed = agent.get("/api/v1/agent/versements?state=sent").json()
    assert [item["reference"] for item in listed["items"]] == [first]


@pytest.mark.parametrize(("key", "value"), [("amount", "need"), ("payee", "iban"), ("account", "no_such_field")])
def test_a_procedure_that_could_owe_nothing_to_nobody_is_refused(key, value, tmp_path):
    written = (FOLDER / "emergency-aid.toml").read_text(encoding="utf-8")
    was = {"amount": "amount", "payee": "company_name", "account": "iban"}[key]
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(written.replace(f'{key} = "{was}"', f'{key} = "{value}"'), encoding="utf-8")
    with pytest.raises(ProcedureError, match="payment"):
        read(wrong)
