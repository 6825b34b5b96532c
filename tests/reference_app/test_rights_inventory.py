"""Every table and column there is has been placed: given to the person it is about, or left out for a reason."""

from __future__ import annotations

from collections import defaultdict
from uuid import uuid4

import psycopg
import pytest

from reference_app.rights import forgetting
from reference_app.rights.inventory import HOLDINGS, NOT_GIVEN

Schema = dict[str, set[str]]

COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
KEYS_THAT_HOLD = """
    SELECT conrelid::regclass::text FROM pg_constraint
    WHERE contype = 'f' AND confrelid = %s::regclass AND confdeltype IN ('a', 'r')"""


def schema_of(connection: psycopg.Connection) -> Schema:
    found: Schema = defaultdict(set)
    for table, column in connection.execute(COLUMNS):
        found[table].add(column)
    return dict(found)


def unplaced(schema: Schema) -> list[str]:
    """Tables and columns nobody has said anything about."""
    given = {holding.table: holding.columns for holding in HOLDINGS}
    tables = [table for table in schema if table not in given and table not in NOT_GIVEN]
    columns = [f"{table}.{column}" for table in given for column in schema.get(table, set()) - given[table]]
    return sorted(tables + columns)


@pytest.fixture
def connection(database_url):
    with psycopg.connect(database_url) as opened:
        yield opened
        opened.rollback()


def test_every_table_and_column_is_given_or_left_out_for_a_reason(connection):
    found = unplaced(schema_of(connection))
    assert found == [], f"say in reference_app/rights/inventory.py whose these are: {found}"


def test_a_table_or_a_column_that_nobody_placed_is_found(connection):
    connection.execute("CREATE TABLE newsletter (email text); ALTER TABLE dossier ADD telephone text")
    assert unplaced(schema_of(connection)) == ["dossier.telephone", "newsletter"]


def test_nothing_is_placed_that_is_not_there(connection):
    schema = schema_of(connection)
    for holding in HOLDINGS:
        assert holding.columns <= schema[holding.table], holding.table
    assert set(NOT_GIVEN) <= set(schema)
    assert not set(NOT_GIVEN) & {holding.table for holding in HOLDINGS}
    assert all(NOT_GIVEN.values())


def test_what_holds_a_dossier_back_is_deleted_before_it(connection):
    holding = {row[0] for row in connection.execute(KEYS_THAT_HOLD, ("dossier",))}
    assert holding == set(forgetting.CHILDREN)


def test_no_agent_is_named_in_what_is_given(connection):
    kept = {
        f"{holding.table}.{given.column}"
        for holding in HOLDINGS
        for given in holding.given
        if given.column in ("agent_id", "asked_by", "expert_id", "expert") and given.expression is None
    }
    assert kept == set()


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda holding: holding.table)
def test_what_is_given_can_be_read(connection, holding):
    values = {"account": uuid4(), "dossiers": [uuid4()]}
    assert connection.execute(holding.statement(), values).fetchall() == []
