"""The receipt as a PDF: what the law wants it to say, readable by a screen reader, and no burden on the others."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pikepdf
import pytest

from reference_app.dossiers import receipt_pdf
from reference_app.places import Places


def words_in(pdf: pikepdf.Pdf) -> str:
    """What a screen reader is given, in its order: the text behind the tags, through the fonts' own tables."""
    found = []
    for page in pdf.pages:
        fonts = {name: table(font) for name, font in page.Resources.Font.items()}
        current: dict[int, str] = {}
        for operands, operator in pikepdf.parse_content_stream(page):
            if str(operator) == "Tf":
                current = fonts[str(operands[0])]
            elif str(operator) in ("Tj", "TJ"):
                parts = operands[0] if str(operator) == "TJ" else [operands[0]]
                for part in parts:
                    if isinstance(part, pikepdf.String):
                        raw = bytes(part)
                        pairs = (int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2))
                        found.append("".join(current.get(pair, "?") for pair in pairs))
                found.append(" ")
    return re.sub(r"\s+", " ", "".join(found))


def table(font: pikepdf.Object) -> dict[int, str]:
    """Glyph to text, as the font's ToUnicode says."""
    text = font.ToUnicode.read_bytes().decode("latin-1")
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        for glyph, said in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(said).decode("utf-16-be")
    return found


@pytest.fixture(scope="module")
def filed(stage):
    client = stage.signed_in("business", f"business-{uuid4().hex}")
    return client, stage.filed(client)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Electronic receipt", "Service in charge", "counts as rejected", "administrative court", "Telephone"]),
        ("fr", ["Accusé de réception", "Service", "rejetée", "tribunal administratif", "Téléphone"]),
    ],
)
def test_it_says_what_the_law_asks_in_the_language_of_its_reader(filed, language, said):
    client, dossier = filed
    answer = client.get(f"/dossiers/{dossier['id']}/receipt.pdf", params={"lang": language})
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{dossier["receipt"]["number"]}.pdf"'
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        words = words_in(pdf)
        assert str(pdf.Root.Lang) == language
        assert bool(pdf.Root.MarkInfo.Marked)
        assert pdf.Root.StructTreeRoot.K is not None
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        with pdf.open_metadata() as meta:
            assert meta["pdfuaid:part"] == "1"
            assert said[0] in meta["dc:title"]
    number = dossier["receipt"]["number"]
    for wanted in (*said, number, "Boulangerie du Port", "aide-urgence@cci.example", "01 99 00 12 34", "R112-11-1"):
        assert wanted in words, wanted


def test_the_page_leads_to_it_and_a_draft_has_none(filed, stage, draft, key):
    client, dossier = filed
    assert f'href="/dossiers/{dossier["id"]}/receipt.pdf"' in client.get(f"/dossiers/{dossier['id']}").text
    begun = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
    assert client.get(f"/api/v1/dossiers/{begun}/receipt").status_code == 404
    assert "receipt.pdf" not in client.get(f"/dossiers/{begun}").text


def test_it_is_its_authors_alone(filed, stage):
    _, dossier = filed
    at = f"/api/v1/dossiers/{dossier['id']}/receipt"
    assert stage.signed_in("business").get(at).status_code == 404
    assert stage.signed_in("agent").get(at).status_code == 403
    assert stage.browser().get(at).status_code == 401


def test_the_same_receipt_is_made_once_and_not_sent_again(filed, monkeypatch):
    client, dossier = filed
    at = f"/api/v1/dossiers/{dossier['id']}/receipt"
    first = client.get(at)
    tag = first.headers["etag"]
    monkeypatch.setattr(receipt_pdf, "_set", None)  # whoever makes another one fails
    assert client.get(at).content == first.content
    unchanged = client.get(at, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    monkeypatch.undo()
    french = client.get(at, params={"lang": "fr"})
    assert french.headers["etag"] != tag
    assert client.get(at, params={"lang": "fr"}, headers={"If-None-Match": tag}).status_code == 200


def test_what_is_typed_is_text_and_letters_without_a_shape_stop_nothing(stage):
    client = stage.signed_in("business")
    dossier = stage.filed(client, company_name='#read("/etc/passwd") *gras* 漢字 🏢 ⁧عربى')
    answer = client.get(f"/dossiers/{dossier['id']}/receipt.pdf")
    assert answer.status_code == 200
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        words = words_in(pdf)
    assert '#read("/etc/passwd") *gras*' in words.replace("“", '"').replace("”", '"')
    assert "root:" not in words


def test_who_comes_while_all_places_are_taken_is_asked_to_come_back(filed, stage, monkeypatch):
    client = stage.signed_in("business")
    dossier = stage.filed(client, company_name=f"Boulangerie {uuid4().hex}")
    places = Places(1)
    monkeypatch.setattr(receipt_pdf, "_places", places)
    with places.one():
        full = client.get(f"/dossiers/{dossier['id']}/receipt.pdf")
        assert full.status_code == 503
        assert int(full.headers["retry-after"]) > 0
        assert client.get(f"/dossiers/{dossier['id']}").status_code == 200, "the page with the same words is there"
    assert client.get(f"/dossiers/{dossier['id']}/receipt.pdf").status_code == 200


def test_many_at_once_get_theirs_or_are_told_and_the_memory_is_bounded(stage, monkeypatch):
    monkeypatch.setattr(receipt_pdf, "KEPT", 3)
    clients = [stage.signed_in("business") for _ in range(6)]
    at = [f"/dossiers/{stage.filed(one, company_name=uuid4().hex)['id']}/receipt.pdf" for one in clients]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda pair: pair[0].get(pair[1]), zip(clients, at, strict=True)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert any(answer.status_code == 200 for answer in answers)
    assert len(receipt_pdf._made) <= 3


def test_silence_that_accepts_leads_to_a_certificate(monkeypatch):
    from datetime import UTC, date, datetime

    from reference_app.dossiers.dossier import Dossier
    from reference_app.procedure import PROCEDURES

    written = PROCEDURES["emergency-aid"]
    accepting = written.model_copy(update={"filing": written.filing.model_copy(update={"silence": "accepts"})})
    values = dict.fromkeys(Dossier.__dataclass_fields__)
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    values |= {"procedure": "emergency-aid", "state": "en_construction", "answers": {}, "filed_at": at}
    dossier = Dossier(**values | {"receipt_number": "AUE-2026-00000001", "silence_on": date(2027, 1, 23)})
    said = receipt_pdf.content(dossier, "en", str)
    assert "certificate" not in str(said)
    monkeypatch.setitem(PROCEDURES, "emergency-aid", accepting)
    said = receipt_pdf.content(replace(dossier), "en", str)
    assert "counts as accepted" in str(said)
    assert "certificate" in str(said)


def test_an_opinion_is_asked_for_where_there_is_a_place_for_it(staged, filed):
    client, dossier = filed
    assert "Give my opinion" not in client.get(f"/dossiers/{dossier['id']}").text
    with staged(opinion_url="https://opinion.example/Demarches/1?button=2") as other:
        person = other.signed_in("business")
        mine = other.filed(person)
        assert "https://opinion.example/Demarches/1?button=2" in person.get(f"/dossiers/{mine['id']}").text
