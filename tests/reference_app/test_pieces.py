"""Pieces: one file at a time, told from its content, its author's alone until it is filed."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from uuid import uuid4

import psycopg
import pytest

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00" + b"\x00" * 64
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00"
PROGRAM = b"MZ\x90\x00" + b"\x00" * 60


def pdf(mark: object) -> bytes:
    """A PDF unlike all others."""
    return PDF + f"% {mark}\n".encode()


def named(filename: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}"}


def files_of(stage) -> list[Path]:
    """The files in the storage of ``stage``, those half written too."""
    folder = Path(unquote(urlsplit(stage.app.state.parts.settings.storage).path))
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def business(stage):
    return stage.signed_in("business")


@pytest.fixture
def dossier(business, draft, key):
    answer = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key())
    return answer.raise_for_status().json()["id"]


@pytest.fixture
def send(business, dossier):
    def run(content=PDF, name="proof_of_loss", filename="a.pdf", client=business, at=dossier):
        return client.post(f"/api/v1/dossiers/{at}/pieces/{name}", content=content, headers=named(filename))

    return run


@pytest.fixture
def work_done(work):
    return lambda: asyncio.run(work())


def pieces(client, dossier):
    return client.get(f"/api/v1/dossiers/{dossier}/pieces").raise_for_status().json()


@pytest.mark.parametrize(("content", "kind"), [(PDF, "pdf"), (JPEG, "jpeg"), (PNG, "png")])
def test_a_piece_comes_back_as_it_was_sent(business, dossier, send, content, kind):
    sent = send(content, filename="façade.x")
    assert sent.status_code == 201
    said = sent.json()
    assert (said["kind"], said["size"], said["filename"]) == (kind, len(content), "façade.x")
    assert said["sha256"] == hashlib.sha256(content).hexdigest()
    assert pieces(business, dossier) == [said]
    fetched = business.get(f"/api/v1/dossiers/{dossier}/pieces/proof_of_loss/{said['id']}")
    assert fetched.content == content
    headers = fetched.headers
    assert headers["content-disposition"].startswith("attachment; ")
    assert "sandbox" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_in_the_storage_a_file_has_a_random_name(stage, send):
    before = set(files_of(stage))
    send(pdf(uuid4()), filename="Quirinal.pdf")
    (added,) = set(files_of(stage)) - before
    assert re.fullmatch(r"[0-9a-f]{32}", added.name)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty. Choose another one."),
        (PROGRAM, "This file is none of these, whatever its name says: PDF, JPEG, PNG."),
        (
            b"<html><script>alert(1)</script></html>",
            "This file is none of these, whatever its name says: PDF, JPEG, PNG.",
        ),
    ],
)
def test_an_empty_or_disguised_file_is_refused_and_nothing_is_kept(stage, business, dossier, send, content, said):
    before = set(files_of(stage))
    refused = send(content, filename="facture.pdf")
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"pointer": "#/proof_of_loss", "detail": said}]
    assert pieces(business, dossier) == []
    assert set(files_of(stage)) == before


def test_a_kind_that_is_not_asked_for_is_refused(send):
    assert send(PNG, name="last_accounts").status_code == 422
    assert send(PDF, name="last_accounts").status_code == 201


def head_of_upload(stage, client, dossier, size) -> tuple[tuple[str, int], bytes]:
    """Where to send an upload of ``size`` bytes by hand, and what stands before them."""
    at = urlsplit(stage.url)
    cookie = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
    lines = (
        f"POST /api/v1/dossiers/{dossier}/pieces/proof_of_loss HTTP/1.1",
        f"Host: {at.netloc}",
        f"Cookie: {cookie}",
        "Accept-Language: en",
        "Connection: close",
        f"Content-Length: {size}",
    )
    return (at.hostname, at.port), "\r\n".join([*lines, "", ""]).encode()


def test_what_is_declared_too_large_is_refused_before_it_is_read(stage, business, dossier):
    address, head = head_of_upload(stage, business, dossier, 20_000_001)
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head)  # and not one byte of the body
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"larger than 20 MB" in answer


def test_what_turns_out_too_large_is_refused_while_it_arrives(stage, business, dossier, send):
    before = set(files_of(stage))

    def chunks():
        yield PDF
        for _ in range(21):
            yield bytes(1_000_000)

    refused = send(chunks())
    assert refused.status_code == 413
    assert refused.json()["errors"][0]["pointer"] == "#/proof_of_loss"
    assert pieces(business, dossier) == []
    assert set(files_of(stage)) == before


def test_other_routes_keep_their_small_limit(business, dossier):
    assert business.post(f"/api/v1/dossiers/{dossier}/file", content=bytes(100_000)).status_code in (413, 422)
    assert business.post("/dossiers", data={"need": "x" * 300_000}).status_code == 413


def test_an_upload_that_is_cut_leaves_nothing(stage, business, dossier):
    before = set(files_of(stage))
    address, head = head_of_upload(stage, business, dossier, 10_000_000)
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head + PDF + bytes(6_000_000))
    uploads = stage.app.state.parts.uploads
    for _ in range(200):  # until the service has noticed
        if not uploads.running():
            break
        threading.Event().wait(0.05)
    assert not uploads.running()
    assert pieces(business, dossier) == []
    assert set(files_of(stage)) == before


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("x" * 10_000 + ".pdf", "x" * 195 + "….pdf"),
        ("y" * 10_000, "y" * 199 + "…"),
        ("\u202eexe.fdp", "\u202eexe.fdp"),
        ("مخبز.pdf", "مخبز.pdf"),
        ("..\\..\\C:\\temp/../a\r\nb.pdf", "a  b.pdf"),
        ("", "proof_of_loss.pdf"),
        ("   ", "proof_of_loss.pdf"),
        ("e\u0301\U0001f600.pdf", "e\u0301\U0001f600.pdf"),
    ],
)
def test_a_name_of_any_characters_is_kept_to_be_shown(send, filename, shown):
    sent = send(pdf(uuid4()), filename=filename)
    assert sent.status_code == 201
    assert sent.json()["filename"] == shown


@pytest.mark.parametrize("charset", ["unicode_escape", "punycode", "idna", "rot13", "utf-7", "nothing"])
def test_a_name_in_a_charset_that_is_none_does_no_harm(business, dossier, charset):
    headers = {"Content-Disposition": f"attachment; filename*={charset}''%5Cud800+2AA-%FF"}
    path = f"/api/v1/dossiers/{dossier}/pieces/proof_of_loss"
    sent = business.post(path, content=pdf(charset), headers=headers)
    assert sent.status_code == 201
    assert sent.json()["filename"].isprintable()


def test_a_name_with_a_nul_is_refused_with_a_sentence(business, dossier, send):
    refused = send(filename="a\0b.pdf")
    assert refused.status_code == 422
    assert "Rename it first" in refused.json()["errors"][0]["detail"]
    assert pieces(business, dossier) == []


def test_a_name_that_hides_its_ending_does_not_hide_it_from_the_browser(business, dossier, send):
    said = send(pdf(uuid4()), filename='annexe\u202efdp.exe"').json()
    fetched = business.get(f"/api/v1/dossiers/{dossier}/pieces/proof_of_loss/{said['id']}")
    assert fetched.headers["content-disposition"] == (
        "attachment; filename=\"annexefdp.exe.pdf\"; filename*=UTF-8''annexefdp.exe.pdf"
    )


def test_the_same_file_sent_again_is_the_same_piece(stage, business, dossier, send):
    first, again = send(), send(filename="b.pdf")
    assert first.json() == again.json()
    assert len(pieces(business, dossier)) == 1


def test_one_file_takes_the_place_of_the_one_before_and_several_stand_side_by_side(business, dossier, send):
    for mark in ("one", "two"):
        assert send(pdf(mark), name="last_accounts", filename=f"{mark}.pdf").status_code == 201
        assert send(pdf(mark), filename=f"{mark}.pdf").status_code == 201
    kept = [(piece["name"], piece["filename"]) for piece in pieces(business, dossier)]
    assert sorted(kept) == [("last_accounts", "two.pdf"), ("proof_of_loss", "one.pdf"), ("proof_of_loss", "two.pdf")]


def test_no_more_than_asked_for_are_taken(business, dossier, send):
    assert [send(pdf(n)).status_code for n in range(6)] == [201] * 5 + [422]
    assert send(pdf(0)).status_code == 201, "one of them sent again is no sixth"
    assert len(pieces(business, dossier)) == 5


def test_two_uploads_of_one_piece_at_once_leave_one(stage, business, dossier, send):
    with ThreadPoolExecutor(2) as threads:
        sent = [threads.submit(send, pdf(n) + bytes(2_000_000), "last_accounts") for n in range(2)]
        assert {one.result().status_code for one in sent} == {201}
    (kept,) = pieces(business, dossier)
    fetched = business.get(f"/api/v1/dossiers/{dossier}/pieces/last_accounts/{kept['id']}")
    assert hashlib.sha256(fetched.content).hexdigest() == kept["sha256"]


def test_another_persons_piece_is_not_there(stage, business, dossier, send):
    said = send().json()
    stranger = stage.signed_in("business")
    one = f"/dossiers/{dossier}/pieces/proof_of_loss/{said['id']}"
    for path in (f"/api/v1/dossiers/{dossier}/pieces", f"/api/v1{one}", one, f"/dossiers/{dossier}/pieces"):
        assert stranger.get(path).status_code == 404, path
    assert send(client=stranger).status_code == 404
    assert stranger.delete(f"/api/v1{one}").status_code == 404
    own = business.post(
        "/api/v1/procedures/emergency-aid/dossiers", json={}, headers={"Idempotency-Key": str(uuid4())}
    ).json()["id"]
    assert business.get(f"/api/v1/dossiers/{own}/pieces/proof_of_loss/{said['id']}").status_code == 404
    agent = stage.signed_in("agent")
    assert agent.get(f"/api/v1/agent{one}").status_code == 404, "a draft is its author's alone"


def test_a_piece_nobody_asked_for_is_refused(send):
    assert send(name="surprise").status_code == 404


def test_what_an_agent_has_under_review_does_not_change(stage, business, draft):
    filed = stage.filed(business)["id"]
    path = f"/api/v1/dossiers/{filed}/pieces/proof_of_loss"
    said = business.post(path, content=PDF, headers=named("a.pdf")).json()
    agent = stage.signed_in("agent")
    while agent.post("/api/v1/agent/dossiers/claim-next").json()["id"] != filed:
        pass
    assert business.post(path, content=pdf(2), headers=named("b.pdf")).status_code == 409
    assert business.delete(f"{path}/{said['id']}").status_code == 409
    assert business.get(f"/dossiers/{filed}/pieces").status_code == 409
    assert business.get(f"{path}/{said['id']}").content == PDF


def test_the_log_of_a_filed_dossier_names_what_came_and_went(stage, business, database_url):
    filed = stage.filed(business)["id"]
    path = f"/api/v1/dossiers/{filed}/pieces/proof_of_loss"
    said = business.post(path, content=PDF, headers=named("a.pdf")).json()
    assert business.delete(f"{path}/{said['id']}").status_code == 204
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT payload FROM operation WHERE dossier_id = %s ORDER BY rank", [filed]
        ).fetchall()
    assert [said["sha256"] in payload for (payload,) in rows] == [False, True, True]
    assert not any("a.pdf" in payload for (payload,) in rows)


def test_nothing_of_a_removed_or_deleted_piece_stays(stage, business, dossier, send, work_done):
    before = set(files_of(stage))
    removed = send(pdf(uuid4())).json()
    send(pdf(uuid4()))
    assert business.delete(f"/api/v1/dossiers/{dossier}/pieces/proof_of_loss/{removed['id']}").status_code == 204
    assert business.delete(f"/api/v1/dossiers/{dossier}").status_code == 204
    assert len(set(files_of(stage)) - before) == 2
    work_done()
    assert not set(files_of(stage)) - before


def test_one_person_sends_so_much_a_day_and_no_more(staged, draft, key):
    with staged(person_pieces_a_day=2) as stage:
        client = stage.signed_in("business")
        dossier = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
        path = f"/api/v1/dossiers/{dossier}/pieces/proof_of_loss"
        sent = [client.post(path, content=pdf(n), headers=named("a.pdf")) for n in range(3)]
        assert [answer.status_code for answer in sent] == [201, 201, 422]
        assert "tomorrow" in sent[2].json()["errors"][0]["detail"]


def test_without_a_storage_no_file_is_taken_and_all_else_goes_on(staged, draft, key):
    with staged(storage=None) as stage:
        client = stage.signed_in("business")
        dossier = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
        answer = client.post(f"/api/v1/dossiers/{dossier}/pieces/proof_of_loss", content=PDF)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "cannot be received" in client.get(f"/dossiers/{dossier}/pieces").text
        assert client.post(f"/api/v1/dossiers/{dossier}/file", headers=key()).status_code == 200
