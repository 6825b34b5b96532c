"""Plans of a real PostgreSQL: the index that is missing is named, and made it is used; nothing is run or changed."""

from __future__ import annotations

import psycopg
import pytest

from observability.diagnosis import Diagnosis, indexes, plan
from observability.diagnosis.diagnosis import Rule
from scorecard.evidence import Text


@pytest.fixture(scope="module")
def parcels(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "create table parcel as select n as id, md5(n::text) as email, now() as filed, n % 5 as state "
            "from generate_series(1, 60000) n"
        )
        connection.execute("create index on parcel (state)")
        connection.execute("create table few as select n as id from generate_series(1, 100) n")
        connection.execute("analyze parcel")
        connection.execute("create table never_analysed with (autovacuum_enabled = off) as table parcel")
    return database


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("select id from parcel where email = md5(?::text)", "parcel (email)"),
        ("SELECT id FROM parcel p WHERE lower(p.email) = ? AND filed > ? LIMIT ?", "parcel (lower(email), filed)"),
        ("with one as (select * from parcel where id = ?) select email from one", "parcel (id)"),
        ("update parcel set state = ? where id = ?", "parcel (id)"),
        ("select id from parcel where filed > now() - interval ? and email = ?", "parcel (email, filed)"),
        ("select id from never_analysed where email = ?", "never_analysed (email)"),
        ("select count(*) from parcel", None),
        ("select id from few where id = ?", None),
    ],
)
def test_the_index_that_is_missing_is_named(parcels: str, statement: str, index: str | None) -> None:
    with plan.asking(parcels) as connection:
        scan = plan.missing_index(connection, statement)
    assert (None if scan is None else scan.index) == (
        None if index is None else f"CREATE INDEX CONCURRENTLY ON {index}"
    )


def test_the_index_made_as_advised_is_used(parcels: str) -> None:
    statement = "select id from parcel where email = ? and filed < ?"
    with plan.asking(parcels) as connection:
        scan = plan.missing_index(connection, statement)
    assert scan is not None
    with psycopg.connect(parcels, autocommit=True) as connection:
        connection.execute("create table parcel_copy as select * from parcel")
        connection.execute(scan.index.replace("ON parcel", "ON parcel_copy").encode())
        connection.execute("analyze parcel_copy")
    with plan.asking(parcels) as connection:
        assert plan.missing_index(connection, statement.replace("parcel", "parcel_copy")) is None


@pytest.mark.parametrize(
    "statement",
    [
        "select 1; drop table few",
        "delete from few where id = ?; select 1",
        "drop table few",
        "insert into few values (?)",
        "select id from nowhere",
        "select id from parcel where email = ? and (cut",
        "select '\x00'",
    ],
)
def test_what_is_no_single_statement_that_reads_is_refused_and_changes_nothing(parcels: str, statement: str) -> None:
    with plan.asking(parcels) as connection:
        with pytest.raises(plan.PlanError):
            plan.missing_index(connection, statement)
        assert plan.missing_index(connection, "select id from parcel where id = ?") is not None, "it goes on after that"
    with psycopg.connect(parcels) as connection:
        assert connection.execute("select count(*) from few").fetchone() == (100,)


def test_the_connection_may_not_write(parcels: str) -> None:
    with plan.asking(parcels) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("delete from few")


def slow(place: str) -> Diagnosis:
    text = Text(en="slow", fr="lente")
    return Diagnosis(Rule.SLOW_STATEMENT, "GET /a", place, 1.0, 1.0, 1.0, text, text)


def test_a_slow_statement_becomes_a_missing_index_only_where_the_plan_says_so(parcels: str) -> None:
    found = [slow("select id from parcel where email = ?"), slow("select count(*) from parcel")]
    advised = indexes.advised(found, "env:THERE", {"THERE": parcels})
    assert [d.rule for d in advised.found] == [Rule.MISSING_INDEX, Rule.SLOW_STATEMENT]
    assert advised.found[0].remedy.en.startswith("CREATE INDEX CONCURRENTLY ON parcel (email)")
    assert advised.unasked is None


@pytest.mark.parametrize("variable", [None, "env:NOT_SET"])
def test_plans_that_nobody_asked_for_are_said_not_to_be(variable: str | None) -> None:
    advised = indexes.advised([slow("select 1")], variable, {})
    assert (advised.found[0].rule, advised.unasked) == (Rule.SLOW_STATEMENT, indexes.NOT_ASKED)
    assert indexes.advised([], variable, {}).unasked is None


def test_a_database_out_of_reach_is_said_without_its_address() -> None:
    advised = indexes.advised([slow("select 1")], "env:THERE", {"THERE": "postgresql://me:secret@127.0.0.1:1/x"})
    assert advised.unasked is not None
    assert "secret" not in advised.unasked.en
    assert "127.0.0.1" not in advised.unasked.fr
