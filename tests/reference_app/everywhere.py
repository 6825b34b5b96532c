"""Looking for a word in every column of every table, whatever it is called."""

from __future__ import annotations

import psycopg
from psycopg import sql

_TABLES = """
    SELECT format('%I.%I', schemaname, tablename), tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""


def tables_with(connection: psycopg.Connection, word: str) -> list[str]:
    """The tables with a row in which ``word`` stands."""
    tables = [row[1] for row in connection.execute(_TABLES)]
    assert {"dossier", "idempotency_key", "operation", "procrastinate_jobs"} <= set(tables)
    query = sql.SQL("SELECT count(*) FROM {} AS kept WHERE kept::text LIKE %s")
    counted = {
        table: connection.execute(query.format(sql.Identifier(table)), (f"%{word}%",)).fetchone() for table in tables
    }
    return sorted(table for table, row in counted.items() if row is not None and row[0])
