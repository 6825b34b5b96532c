"""The log of a filed dossier names its pieces by their digests, and every way of changing them is caught."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import psycopg
import pytest

from reference_app.pieces.proof import differing

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"


@pytest.fixture(scope="module")
def filed(stage, draft, key) -> str:
    """A dossier whose pieces came before its filing and after, were replaced and taken away."""
    client = stage.signed_in("business")
    answer = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key())
    dossier = answer.raise_for_status().json()["id"]
    path = f"/api/v1/dossiers/{dossier}"

    def send(name: str) -> str:
        sent = client.post(f"{path}/pieces/{name}", content=PDF + uuid4().bytes).raise_for_status().json()
        return f"{path}/pieces/{name}/{sent['id']}"

    send("last_accounts")
    early, _ = send("proof_of_loss"), send("proof_of_loss")
    client.post(f"{path}/file", headers=key()).raise_for_status()
    send("last_accounts")
    late = send("proof_of_loss")
    for gone in (early, late):
        assert client.delete(gone).status_code == 204
    assert len(client.get(f"{path}/pieces").json()) == 2
    return dossier


def found_after(database_url: str, dossier: str, tampering: str) -> list[str]:
    """What the check says of ``dossier`` after ``tampering``, which is rolled back."""

    async def look() -> list[str]:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            done = await connection.execute(tampering, {"id": dossier})
            assert done.rowcount >= 1, "the tampering must hit a row"
            found = [problem async for identifier, problem in differing(connection) if str(identifier) == dossier]
            await connection.rollback()
            return found

    return asyncio.run(look())


def test_pieces_that_came_and_went_by_the_rules_are_those_of_the_log(filed, database_url):
    assert found_after(database_url, filed, "UPDATE piece SET filename = 'b.pdf' WHERE dossier_id = %(id)s") == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE piece SET digest = sha256('x') WHERE dossier_id = %(id)s AND name = 'last_accounts'",
        "UPDATE piece SET name = 'other' WHERE dossier_id = %(id)s AND name = 'last_accounts'",
        "DELETE FROM piece WHERE dossier_id = %(id)s",
        """WITH gone AS (DELETE FROM piece WHERE dossier_id = %(id)s)
           UPDATE dossier SET pieces = 0 WHERE id = %(id)s""",
        """INSERT INTO piece (dossier_id, account_id, name, filename, kind, size, digest, object, state, sent_at)
           SELECT id, account_id, 'last_accounts', 'c.pdf', 'pdf', 1, sha256('c'), 'pieces/c', 'non_analysee', now()
           FROM dossier WHERE id = %(id)s""",
    ],
)
def test_a_piece_that_was_changed_added_or_lost_is_caught(filed, database_url, tampering):
    assert found_after(database_url, filed, tampering) == ["its pieces are not those that the log names"]
