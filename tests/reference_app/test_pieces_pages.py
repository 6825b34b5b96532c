"""The pages of pieces: forms that work without script, what is wrong beside each, at home and at the counter."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.pieces import multipart
from reference_app.pieces.limits import Cut

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"


@pytest.fixture
def business(stage):
    return stage.signed_in("business")


@pytest.fixture
def dossier(business, draft, key):
    answer = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key())
    return answer.raise_for_status().json()["id"]


def token(page) -> str:
    return re.search(r'name="token" value="([^"]*)"', page.text)[1]


def sent(client, path, name, filename, content, **fields):
    form = {"token": token(client.get(path))} | fields
    return client.post(f"{path}/{name}", data=form, files={"file": (filename, content, "application/pdf")})


def test_pieces_are_sent_replaced_and_taken_away_with_forms_alone(business, dossier):
    path = f"/dossiers/{dossier}/pieces"
    assert f'href="{path}"' in business.get(f"/dossiers/{dossier}").text
    shown = sent(business, path, "last_accounts", "comptes <2025>.pdf", PDF)
    assert shown.status_code == 200
    assert shown.url.path == path
    assert "comptes &lt;2025&gt;.pdf" in shown.text
    assert "already" not in shown.text
    renamed = sent(business, path, "last_accounts", "copie.pdf", PDF)
    assert "comptes &lt;2025&gt;.pdf" in renamed.text
    assert "it was here already, under this name" in renamed.text
    again = sent(business, path, "last_accounts", "comptes.pdf", PDF + b"%")
    assert "comptes &lt;2025&gt;.pdf" not in again.text
    fetched = business.get(re.search(rf'href="({path}/last_accounts/[^"]+)"', again.text)[1])
    assert fetched.content == PDF + b"%"
    assert fetched.headers["content-disposition"].startswith("attachment")
    remove = re.search(rf'action="({path}/last_accounts/[^"]+/remove)"', again.text)[1]
    gone = business.post(remove, data={"token": token(again)})
    assert "comptes.pdf" not in gone.text


@pytest.mark.parametrize(
    ("filename", "content", "status", "said"),
    [
        ("", b"", 422, "Choose a file first."),
        ("vide.pdf", b"", 422, "This file is empty."),
        ("facture.pdf", b"MZ\x90\x00 not a PDF", 422, "This file is none of these, whatever its name says: PDF."),
        ("grand.pdf", PDF + bytes(21_000_000), 413, "This file is larger than 20 MB."),
    ],
)
def test_what_is_wrong_with_a_file_stands_beside_its_piece(business, dossier, filename, content, status, said):
    path = f"/dossiers/{dossier}/pieces"
    sent(business, path, "last_accounts", "bon.pdf", PDF)
    answer = sent(business, path, "last_accounts", filename, content)
    assert answer.status_code == status
    assert said in unescape(re.search(r'id="last_accounts-error">([^<]*)<', answer.text)[1])
    assert re.search(r'id="last_accounts"[^>]*aria-invalid="true"', answer.text)
    assert 'href="#last_accounts"' in answer.text
    assert "bon.pdf" in answer.text, "the one before is kept"
    assert 'id="proof_of_loss-error"' not in answer.text


def test_a_form_from_elsewhere_sends_nothing(business, dossier):
    path = f"/dossiers/{dossier}/pieces"
    assert sent(business, path, "last_accounts", "a.pdf", PDF, token="another").status_code == 403
    late = business.post(f"{path}/last_accounts", files=[("file", ("a.pdf", PDF)), ("token", (None, "late"))])
    assert late.status_code == 403
    assert business.get(f"/api/v1/dossiers/{dossier}/pieces").json() == []


def test_what_is_no_form_with_a_file_is_told_so(business, dossier):
    path = f"/dossiers/{dossier}/pieces/last_accounts"
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data", "text/plain"):
        answer = business.post(path, content=b"nothing of the kind", headers={"Content-Type": kind})
        assert answer.status_code == 400, kind
        assert "did not arrive whole" in answer.text


def test_at_the_counter_an_agent_sends_pieces_for_the_person(stage, draft, key):
    agent = stage.signed_in("agent")
    opening = {"person": "Jeanne Martin", "procedure": "emergency-aid", "hours": 2}
    mandate = agent.post("/api/v1/agent/mandats", json=opening).raise_for_status().json()["id"]
    made = agent.post(f"/api/v1/agent/mandats/{mandate}/emergency-aid/dossiers", json=draft, headers=key())
    page = f"/agent/mandats/{mandate}/dossiers/{made.raise_for_status().json()['id']}"
    assert f'href="{page}/pieces"' in agent.get(page).text
    shown = sent(agent, f"{page}/pieces", "last_accounts", "comptes.pdf", PDF)
    assert "comptes.pdf" in shown.text
    unscanned = re.search(r"comptes\.pdf.*?Not checked for viruses", agent.get(page).text, re.S)
    assert unscanned is not None
    remove = re.search(r'action="([^"]+/remove)"', shown.text)[1]
    other = stage.signed_in("agent")
    assert other.get(f"{page}/pieces").status_code == 404
    assert other.post(remove, data={"token": token(other.get("/agent/mandats"))}).status_code == 404
    assert "comptes.pdf" not in agent.post(remove, data={"token": token(shown)}).text


FILENAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), min_size=1, max_size=30)


async def pieces_of(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@given(filename=FILENAMES, content=st.binary(max_size=200), size=st.integers(1, 80), cut=st.integers(0, 400))
def test_a_form_is_read_alike_however_it_arrives_and_a_cut_one_never_passes_for_whole(filename, content, size, cut):
    request = httpx.Request("POST", "http://x/", data={"token": "é"}, files={"file": (filename, content)})
    body, kind = request.read(), request.headers["content-type"]

    async def read(body: bytes) -> tuple[str, str, bytes]:
        form = await multipart.opened(kind, pieces_of(body, size))
        return form.fields["token"], form.filename, b"".join([chunk async for chunk in form.chunks])

    assert asyncio.run(read(body)) == ("é", filename, content)
    end = body.rindex(b"\r\n--")
    if cut < end:
        with pytest.raises(Cut):
            asyncio.run(read(body[:cut]))
