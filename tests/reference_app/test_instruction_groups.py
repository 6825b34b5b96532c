"""Groups: a dossier goes where a rule sends it; agents see and take those of their groups only, as of now."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from uuid import uuid4

import psycopg
import pytest

from reference_app.form import Group
from reference_app.groups import GROUPS, GroupOfAgents, found_by, group_for, groups_of
from reference_app.instruction import reach
from reference_app.procedure import PROCEDURES, filing_of
from reference_app.written import Sentence

DECISION = {"decision": "accepte", "motivation": "Perte établie."}
NORTH, SOUTH = "emergency-aid/north", "emergency-aid/south"

WRITTEN = """
[[groups]]
name = "closed"
label = { en = "Closed firms", fr = "Entreprises fermées" }
when = { field = "activity", one_of = ["stopped"] }
[[groups]]
name = "large"
label = { en = "Large amounts", fr = "Gros montants" }
when = { field = "amount", at_least = 10000 }
[[groups]]
name = "others"
label = { en = "Others", fr = "Autres" }
"""


def filing(written: str = WRITTEN):
    groups = [Group.model_validate(group) for group in tomllib.loads(written)["groups"]]
    base = filing_of(PROCEDURES["emergency-aid"])
    return type(base).model_validate({**dict(base), "groups": tuple(groups)})


@pytest.mark.parametrize(
    ("answers", "group"),
    [
        ({"activity": "stopped", "amount": 20_000}, "p/closed"),
        ({"activity": "reduced", "amount": 20_000}, "p/large"),
        ({"activity": "reduced", "amount": 500}, "p/others"),
        ({}, "p/others"),
    ],
)
def test_the_first_group_whose_rule_is_met_gets_the_dossier(answers, group):
    assert group_for("p", filing(), answers) == group


def test_a_procedure_without_groups_has_one_with_every_agent_in_it():
    procedure = PROCEDURES["emergency-aid"]
    assert group_for("emergency-aid", filing_of(procedure), {"activity": "stopped"}) == "emergency-aid"
    assert [(group.id, group.open) for group in groups_of(procedure)] == [("emergency-aid", True)]


@pytest.mark.parametrize(
    "wrong",
    [
        WRITTEN.replace('"others"', '"large"'),
        WRITTEN + WRITTEN.replace("closed", "shut"),
        WRITTEN.rsplit("[[groups]]", 1)[0],
        WRITTEN.replace('field = "amount"', 'field = "rent"'),
    ],
    ids=["twice", "a rest before the end", "no rest", "no such field"],
)
def test_groups_that_leave_a_dossier_without_one_are_a_mistake(wrong):
    with pytest.raises(ValueError, match="groups"):
        filing(wrong)


def test_a_dossier_is_found_by_fields_of_its_own_procedure():
    found = found_by(filing_of(PROCEDURES["emergency-aid"]))
    assert found == {"title_in": "company_name", "siret_in": "siret", "email_in": "contact_email"}


@pytest.fixture
def two_groups(monkeypatch) -> None:
    """Emergency aid with two groups that have members of their own, in this process."""
    for name in (NORTH, SOUTH):
        label = Sentence(en=name, fr=name)
        monkeypatch.setitem(GROUPS, name, GroupOfAgents(name, "emergency-aid", label, open=False))
    monkeypatch.setattr(reach, "CLOSED", [NORTH, SOUTH])


def member_of(database_url: str, client, group: str, *, supervisor: bool = False) -> None:
    account = client.get("/api/v1/me").json()["account"]
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO groupe_membre (agent_id, groupe, supervisor, added_at) VALUES (%s, %s, %s, now())",
            [account, group, supervisor],
        )


def in_group(stage, database_url, group: str) -> str:
    dossier: str = stage.filed(stage.signed_in("business"))["id"]
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE dossier SET groupe = %s WHERE id = %s", [group, dossier])
    return dossier


def test_agents_see_and_take_the_dossiers_of_their_groups_only(stage, database_url, two_groups, key):
    dossier = in_group(stage, database_url, NORTH)
    north, south = stage.signed_in("agent"), stage.signed_in("agent")
    member_of(database_url, north, NORTH)
    member_of(database_url, south, SOUTH)
    one = f"/api/v1/agent/dossiers/{dossier}"
    requests = [
        ("GET", one, None),
        ("GET", f"{one}/messages", None),
        ("GET", f"{one}/corrections", None),
        ("GET", f"{one}/avis", None),
        ("GET", f"/agent/dossiers/{dossier}", None),
        ("POST", f"{one}/messages", {"text": "Bonjour"}),
        ("POST", f"{one}/decision", DECISION),
        ("POST", f"{one}/release", None),
        ("POST", f"{one}/reopen", {"motivation": "Erreur"}),
    ]
    assert [south.request(m, p, json=j, headers=key()).status_code for m, p, j in requests] == [404] * len(requests)
    assert dossier not in [i["id"] for i in south.get("/api/v1/agent/dossiers?limit=100").json()["items"]]
    assert south.post(f"/api/v1/agent/dossiers/claim-next?group={NORTH}").status_code == 204
    assert [i["id"] for i in north.get(f"/api/v1/agent/dossiers?group={NORTH}").json()["items"]] == [dossier]
    claimed = north.post(f"/api/v1/agent/dossiers/claim-next?group={NORTH}")
    assert claimed.json()["id"] == dossier


def test_who_is_taken_out_of_a_group_reaches_nothing_more(stage, database_url, two_groups):
    dossier = in_group(stage, database_url, NORTH)
    chief, agent = stage.signed_in("agent"), stage.signed_in("agent", f"member-{uuid4().hex[:8]}")
    member_of(database_url, chief, NORTH, supervisor=True)
    me = agent.get("/api/v1/me").json()["account"]
    with psycopg.connect(database_url) as connection:
        (email,) = connection.execute("SELECT email FROM agent WHERE account_id = %s", [me]).fetchone()
    page = chief.get(f"/agent/groups/{NORTH}/members")
    token = page.text.split('name="token" value="')[1].split('"')[0]
    assert agent.get(f"/api/v1/agent/dossiers/{dossier}").status_code == 404
    joined = chief.post(f"/agent/groups/{NORTH}/members", data={"token": token, "email": email.upper()})
    assert email in joined.text
    assert agent.get(f"/api/v1/agent/dossiers/{dossier}").status_code == 200
    chief.post(f"/agent/groups/{NORTH}/members/{me}/leave", data={"token": token}).raise_for_status()
    assert agent.get(f"/api/v1/agent/dossiers/{dossier}").status_code == 404
    nobody = chief.post(f"/agent/groups/{NORTH}/members", data={"token": token, "email": "nobody@example.org"})
    assert nobody.status_code == 422
    assert "nobody@example.org" in nobody.text


def test_a_group_keeps_a_supervisor_and_only_they_see_its_members(stage, database_url, two_groups):
    chief, other = stage.signed_in("agent"), stage.signed_in("agent")
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM groupe_membre WHERE groupe = %s", [SOUTH])
    member_of(database_url, chief, SOUTH, supervisor=True)
    member_of(database_url, other, SOUTH)
    assert other.get(f"/agent/groups/{SOUTH}/members").status_code == 404
    page = chief.get(f"/agent/groups/{SOUTH}/members")
    token = page.text.split('name="token" value="')[1].split('"')[0]
    me = chief.get("/api/v1/me").json()["account"]
    assert chief.post(f"/agent/groups/{SOUTH}/members/{me}/leave", data={"token": token}).status_code == 409


def test_a_supervisor_moves_a_dossier_and_who_had_it_has_it_no_more(stage, database_url, two_groups):
    dossier = in_group(stage, database_url, NORTH)
    chief, north, south = (stage.signed_in("agent") for _ in range(3))
    member_of(database_url, chief, NORTH, supervisor=True)
    member_of(database_url, north, NORTH)
    member_of(database_url, south, SOUTH)
    while (taken := north.post(f"/api/v1/agent/dossiers/claim-next?group={NORTH}").json()["id"]) != dossier:
        assert taken
    move = f"/api/v1/agent/dossiers/{dossier}/group"
    assert north.post(move, json={"group": SOUTH}).status_code == 404
    assert chief.post(move, json={"group": "holiday-aid"}).status_code == 422
    assert chief.post(move, json={"group": NORTH}).status_code == 422
    assert chief.post(move, json={"group": SOUTH}).status_code == 200
    assert north.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=DECISION).status_code == 404
    read = south.get(f"/api/v1/agent/dossiers/{dossier}").json()
    assert (read["state"], read["group"], read["agent_id"]) == ("en_construction", SOUTH, None)


def test_the_first_supervisor_is_named_by_a_command(stage, database_url, monkeypatch):
    name = f"first-{uuid4().hex[:8]}"
    agent = stage.signed_in("agent", name)
    assert "You supervise no group." in agent.get("/agent/groups").text
    monkeypatch.setenv("DATABASE_URL", database_url)
    command = [sys.executable, "-m", "reference_app", "supervise"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, check=False)

    assert run("nobody@example.org", "emergency-aid").returncode == 2
    assert run(f"{name}@example.org", "no-such-group").returncode == 2
    assert run(f"{name}@example.org", "emergency-aid").returncode == 0
    assert "Every agent of the organisation" in agent.get("/agent/groups/emergency-aid/members").text
