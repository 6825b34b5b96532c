"""Procedures are data: a third is one file, and a mistake in one is said with its file and key."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

import reference_app
from reference_app.dossiers.draft import FORMS, require_complete
from reference_app.errors import Invalid
from reference_app.procedure import FOLDER, PROCEDURES, ProcedureError, filing_of, read, read_all
from reference_app.written import sentences

THIRD = """
name = { en = "Renewing a library card", fr = "Renouveler une carte de bibliothèque" }
contact = "cartes@mairie.example"
summary = { en = "Come with your old card.", fr = "Venez avec votre ancienne carte." }
service = { en = "Library", fr = "Bibliothèque" }
[appointments]
days_ahead = 14
bring = [{ en = "your old card", fr = "votre ancienne carte" }]
"""

HELP = """
name = { en = "Help with heating", fr = "Aide au chauffage" }
contact = "chauffage@mairie.example"
telephone = "01 99 00 78 90"
summary = { en = "For households.", fr = "Pour les foyers." }
service = { en = "Social service", fr = "Service social" }
[filing]
receipt_prefix = "CHA"
title = "household"
listed = ["rent"]
silence_months = 2
silence = "accepts"
silence_source = "CRPA, art. L231-1"
appeal_months = 2
have_ready = [{ en = "your last bill", fr = "votre dernière facture" }]
appeals = [{ en = "an appeal to the mayor", fr = "un recours auprès du maire" }]
[[filing.fields]]
name = "household"
kind = "line"
label = { en = "Name of the household", fr = "Nom du foyer" }
[[filing.fields]]
name = "rent"
kind = "amount"
at_least = 0
at_most = 5000
label = { en = "Rent a month, in euros", fr = "Loyer par mois, en euros" }
[[filing.fields]]
name = "heating"
kind = "choice"
label = { en = "Heating", fr = "Chauffage" }
choices = [
  { value = "gas", label = { en = "Gas", fr = "Gaz" } },
  { value = "none", label = { en = "None", fr = "Aucun" } },
]
[[filing.pieces]]
name = "bill"
label = { en = "Last bill", fr = "Dernière facture" }
required = false
kinds = ["pdf", "jpeg"]
at_most_mb = 10
[[filing.eligibility]]
field = "rent"
at_most = 900
otherwise = { en = "The rent is at most 900 euros.", fr = "Le loyer est d’au plus 900 euros." }
"""


def test_the_procedures_are_read():
    assert set(PROCEDURES) == {"emergency-aid", "holiday-aid", "masks"}
    assert PROCEDURES["emergency-aid"].filing.silence == "rejects"
    assert PROCEDURES["masks"].appointments.days_ahead == 28


def test_a_third_procedure_is_one_file(tmp_path):
    (tmp_path / "library-card.toml").write_text(THIRD)
    found = read_all(tmp_path)["library-card"]
    assert found.id == "library-card"
    assert [s.fr for s in sentences(found)] == [
        "Renouveler une carte de bibliothèque",
        "Venez avec votre ancienne carte.",
        "Bibliothèque",
        "votre ancienne carte",
    ]


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("days_ahead = 14", 'days_ahead = "14"', "appointments.days_ahead"),
        ("days_ahead = 14", "days_ahead = 400", "appointments.days_ahead"),
        ("days_ahead", "day_ahead", "appointments.days_ahead"),
        (', fr = "Bibliothèque"', "", "service.fr"),
        ('contact = "', 'contact = "@', "contact"),
        ("[appointments]", "surprise = 1\n[appointments]", "surprise"),
        ("bring = [{", "bring = [] # [{", "appointments.bring"),
        ("[appointments]", "[appointments", ""),
        ("[appointments]\ndays_ahead = 14\nbring", "# [appointments]\n# bring", ""),
    ],
)
def test_a_mistake_is_said_in_one_line_with_its_file_and_key(tmp_path, before, after, key):
    refused(tmp_path, THIRD, before, after, key)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('telephone = "01 99 00 78 90"', "", ".*telephone is missing"),
        ("appeal_months = 2", "appeal_months = 2\ngiven_back_days = 1", "filing.given_back_days"),
        ('kind = "line"', 'kind = "number"', "filing.fields.0.kind"),
        ('name = "rent"', 'name = "household"', "filing: .*a name stands twice"),
        ('title = "household"', 'title = "nothing"', "filing: .*title: no field is called 'nothing'"),
        ('listed = ["rent"]', 'listed = ["nothing"]', "filing: .*listed: no field is called 'nothing'"),
        ('field = "rent"', 'field = "nothing"', "filing: .*eligibility: no field is called 'nothing'"),
        ("at_most = 900", "", "filing.eligibility.0: .*one_of, at_least or at_most"),
        ("at_most = 5000", "", "filing.fields.1: .*at_least and at_most"),
        ('name = "bill"', 'name = "rent"', "filing: .*pieces: a name stands twice, or is that of a field"),
        ('name = "bill"', 'name = "key"', "filing.pieces.0: .*'key' is used by every form"),
        ('kinds = ["pdf", "jpeg"]', 'kinds = ["pdf", "exe"]', "filing.pieces.0.kinds.1"),
        ("at_most_mb = 10", "at_most_mb = 5_000", "filing.pieces.0.at_most_mb"),
        ('name = "heating"', 'name = "token"', "filing.fields.2: .*'token' is used by every form"),
        (
            '  { value = "none", label = { en = "None", fr = "Aucun" } },\n',
            "",
            "filing.fields.2: .*two answers or more",
        ),
    ],
)
def test_a_mistake_in_a_form_is_said_with_its_place(tmp_path, before, after, said):
    refused(tmp_path, HELP, before, after, said)


SOURCE = """
[[filing.sources]]
name = "business_register"
key = "household"
button = { en = "Find it", fr = "Trouver" }
shows = ["address"]
[[filing.sources.warns]]
fact = "state"
one_of = ["closed"]
says = { en = "It is closed.", fr = "C’est fermé." }
[[filing.eligibility]]"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('key = "household"', 'key = "nothing"', "filing: .*sources: no field is called 'nothing'"),
        ('key = "household"\n', "", "filing.sources.0: .*a source about the person has no key"),
        ('name = "business_register"', 'name = "family_allowances"', "filing.sources.0: .*has no key"),
        ('shows = ["address"]', 'shows = ["quotient"]', "filing.sources.0: .*holds no fact 'quotient'"),
        ('fact = "state"', 'fact = "weather"', "filing.sources.0: .*holds no fact 'weather'"),
        ('kind = "line"', 'kind = "line"\nfrom = "family_allowances.quotient"', "filing: .*no source here holds"),
        ("[[filing.eligibility]]", SOURCE, "filing: .*sources: a source stands twice"),
    ],
)
def test_a_mistake_in_what_is_taken_from_sources_is_said_with_its_place(tmp_path, before, after, said):
    refused(tmp_path, HELP.replace("[[filing.eligibility]]", SOURCE), before, after, said)


def refused(folder: Path, written: str, before: str, after: str, said: str) -> None:
    assert before in written
    (folder / "third.toml").write_text(written.replace(before, after))
    with pytest.raises(ProcedureError, match=rf"^third\.toml: {said}") as caught:
        read(folder / "third.toml")
    assert "\n" not in str(caught.value)


def test_who_a_procedure_is_not_for_is_told_beside_the_field():
    aid = filing_of(PROCEDURES["emergency-aid"])
    full = dict(FORMS["emergency-aid"].model_config["json_schema_extra"]["example"])
    require_complete(aid, full)
    with pytest.raises(Invalid) as caught:
        require_complete(aid, full | {"activity": "unchanged"})
    assert caught.value.fields["activity"].message == aid.eligibility[0].otherwise.en
    with pytest.raises(Invalid) as caught:
        require_complete(aid, {name: value for name, value in full.items() if name != "activity"})
    assert set(caught.value.fields) == {"activity"}


def test_a_sentence_is_not_translated_in_two_ways():
    known: dict[str, str] = {}
    for path in FOLDER.glob("*.toml"):
        for sentence in sentences(read(path)):
            assert known.setdefault(sentence.en, sentence.fr) == sentence.fr


@pytest.fixture(scope="module")
def with_a_third() -> Iterator[str]:
    """Address of the whole service as it is, with one more file in its folder of procedures."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)  # PostgreSQL runs as another user when the tests run as root
        package = Path(reference_app.__file__).parent
        shutil.copytree(package, folder / "reference_app", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "reference_app" / "procedures" / "heating.toml").write_text(HELP)
        paths = os.pathsep.join([made, str(package.parent)])
        process = subprocess.Popen(
            [sys.executable, "-m", "reference_app", "up", "--port", "0"],
            cwd=made,
            env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.endswith(" is ready\n"), line
            yield line.split()[0]
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()


def test_the_sources_run_beside_the_service_and_are_asked(with_a_third, form_action):
    with httpx.Client(base_url=with_a_third, follow_redirects=True, timeout=30) as client:
        client.post(form_action(client.get("/sign-in/business")), data={"identity": "business-2"}).raise_for_status()
        form = client.get("/dossiers/new?procedure=emergency-aid").text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        found = client.post("/dossiers", data=hidden | {"siret": "73282932000074", "find": "business_register"})
        assert re.search(r'name="company_name"[^>]*value="[A-Z]', found.text)


def test_a_third_procedure_is_filed_and_examined_without_a_line_of_code(with_a_third, form_action, key):
    with httpx.Client(base_url=with_a_third, follow_redirects=True, timeout=30) as client:
        client.post(form_action(client.get("/sign-in/business")), data={"identity": "business-1"}).raise_for_status()
        client.headers["Accept-Language"] = "fr"
        offered = client.get("/dossiers/new").text
        assert "Aide d’urgence aux entreprises" in offered
        assert "Aide au chauffage" in offered
        form = client.get("/dossiers/new?procedure=heating")
        assert "Loyer par mois, en euros" in form.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.text))
        answers = {"household": "Famille Martin", "rent": "1 200", "heating": "gas"}
        kept = client.post("/dossiers", data=hidden | answers)
        assert "1 200" in kept.text.replace("\u202f", " ").replace("\xa0", " ")
        dossier = kept.url.path.rpartition("/")[2]
        refusal = client.post(f"/api/v1/dossiers/{dossier}/file", headers=key()).json()
        assert refusal["errors"] == [{"pointer": "#/rent", "detail": "Le loyer est d’au plus 900 euros."}]
        better = {"household": "Famille Martin", "rent": 700, "heating": "gas"}
        elsewhere = client.put(f"/api/v1/procedures/emergency-aid/dossiers/{dossier}", json={})
        assert elsewhere.status_code == 404
        client.put(f"/api/v1/procedures/heating/dossiers/{dossier}", json=better).raise_for_status()
        filed = client.post(f"/api/v1/dossiers/{dossier}/file", headers=key()).json()
        assert (filed["procedure"], filed["answers"], filed["receipt"]["silence"]) == ("heating", better, "accepts")
        assert filed["receipt"]["number"].startswith("CHA-")
        assert filed["receipt"]["appeals"] == ["un recours auprès du maire"]
    with httpx.Client(base_url=with_a_third, follow_redirects=True, timeout=30) as agent:
        agent.post(form_action(agent.get("/sign-in/agent")), data={"identity": "agent-1"}).raise_for_status()
        queue = agent.get("/agent/dossiers", headers={"Accept-Language": "fr"}).text
        assert "Aide au chauffage" in queue
        assert "Famille Martin" in queue
        taken = agent.get(f"/agent/dossiers/{dossier}", headers={"Accept-Language": "fr"}).text
        assert "Gaz" in taken
