"""Every statement on dossiers and appointments is served by an index: none reads or sorts a whole table."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from reference_app.appointments import attendance, availability, booking
from reference_app.dossiers import corrections, messages
from reference_app.dossiers import repository as dossiers
from reference_app.instruction import agents, journal, left, members, reach, tallies
from reference_app.instruction import repository as instruction
from reference_app.mandates import codes, mandate
from reference_app.pieces import repository as pieces
from reference_app.sources import cache as source_answers
from reference_app.sources import repository as prefilled


def looks(statement: object) -> bool:
    """Whether it is a statement that looks for rows: one that only adds some needs no index."""
    text = statement.decode() if isinstance(statement, bytes) else statement
    return isinstance(text, str) and not text.lstrip().startswith("INSERT")


QUERIES = {
    f"{module.__name__.removeprefix('reference_app.')}{name}": getattr(module, name)
    for module in (
        dossiers,
        instruction,
        agents,
        journal,
        left,
        members,
        reach,
        tallies,
        availability,
        booking,
        attendance,
        corrections,
        messages,
        mandate,
        codes,
        pieces,
        prefilled,
        source_answers,
    )
    for name in vars(module)
    if name.startswith("_") and name[1:].replace("_", "").isupper() and looks(getattr(module, name))
}
VALUES = {
    **{name: str(uuid4()) for name in ("id", "account", "agent", "after", "lieu", "creneau", "dossier", "piece")},
    **{name: [str(uuid4())] for name in ("pieces", "dossiers", "objects")},
    **{"object": "pieces/ab", "before": "2026-11-22T08:00Z", "keep": True, "count": 1},
    **{name: ["emergency-aid"] for name in ("open", "closed", "groups")},
    **dict.fromkeys(("group", "subject", "email"), "emergency-aid"),
    "member": str(uuid4()),
    "supervisor": False,
    "near": "2026-12-06",
    "today": "2026-11-22",
    "batch": 100,
    "answers": "{}",
    "state": "en_construction",
    "limit": 20,
    "version": None,
    "source": "business_register",
    "key": "73282932000074",
    "known": "{}",
    "procedure": "masks",
    "name": "Camille Martin",
    "note": None,
    "text": "Bonjour",
    "from_agent": False,
    "most": 200,
    "digest": b"",
    "creneaux": [str(uuid4()), str(uuid4())],
    **dict.fromkeys(("at", "since", "until"), "2026-11-22T08:00Z"),
}


def plan(connection: psycopg.Connection, query: bytes | str) -> str:
    text = query if isinstance(query, bytes) else query.encode()
    return "\n".join(row[0] for row in connection.execute(b"EXPLAIN " + text, VALUES))


@pytest.fixture
def connection(database_url):
    with psycopg.connect(database_url) as opened:
        opened.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
        yield opened


def test_the_statements_are_found():
    assert len(QUERIES) >= 25


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_statement_uses_an_index_and_sorts_nothing(connection, name):
    shown = plan(connection, QUERIES[name])
    assert "Index" in shown
    assert "Seq Scan" not in shown
    assert "Sort" not in shown


def test_a_statement_without_an_index_would_be_seen(connection):
    shown = plan(connection, "SELECT 1 FROM dossier WHERE answers = '{}' ORDER BY updated_at")
    assert "Seq Scan" in shown
    assert "Sort" in shown
