"""People who signed in, their roles, and the record of what was changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from scorecard.publication.errors import not_found
from scorecard.publication.roles import Caller, Role

Db = Connection[TupleRow]


@dataclass(frozen=True)
class Member:
    """Somebody who signed in at least once; ``last_seen`` in UTC."""

    subject: str
    name: str
    role: str
    last_seen: datetime


def came(connection: Db, subject: str, name: str, *, administrator: bool) -> Role:
    """Remember that ``subject`` signed in; returns the role. One named in the settings is an administrator."""
    first = Role.ADMINISTRATOR if administrator else Role.NONE
    row = connection.execute(
        "INSERT INTO member (subject, name, role) VALUES (%(subject)s, %(name)s, %(first)s)"
        " ON CONFLICT (subject) DO UPDATE SET name = excluded.name, last_seen = now(),"
        " role = CASE WHEN %(administrator)s THEN excluded.role ELSE member.role END RETURNING role",
        {"subject": subject, "name": name, "first": first.value, "administrator": administrator},
    ).fetchone()
    assert row is not None
    return Role(row[0])


def present(connection: Db, subject: str, since: float) -> Caller | None:
    """Who the session of ``subject`` begun at ``since`` (seconds since 1970) speaks for; None once they signed out.

    Asked at each request: a role that was taken away counts at the next one.
    """
    row = connection.execute(
        "SELECT name, role FROM member WHERE subject = %s AND signed_out < to_timestamp(%s)", [subject, since]
    ).fetchone()
    return None if row is None else Caller(name=row[0], role=Role(row[1]))


def left(connection: Db, subject: str) -> None:
    """End every session of ``subject``: a copy of the cookie is worth nothing from now on."""
    connection.execute("UPDATE member SET signed_out = now() WHERE subject = %s", [subject])


def members(connection: Db) -> list[Member]:
    """Everybody, by name."""
    with connection.cursor(row_factory=class_row(Member)) as cursor:
        return cursor.execute("SELECT subject, name, role, last_seen FROM member ORDER BY name, subject").fetchall()


def give_role(connection: Db, subject: str, role: Role, by: str) -> None:
    """Give ``subject`` a role and record who did. Raises Refusal (404) for somebody unknown."""
    with connection.transaction():
        done = connection.execute("UPDATE member SET role = %s WHERE subject = %s", [role.value, subject])
        if done.rowcount == 0:
            raise not_found()
        record(connection, by, f"role {role.value}", subject)


def record(connection: Db, who: str, what: str, about: str) -> None:
    """Add to the record of changes."""
    connection.execute("INSERT INTO event (who, what, about) VALUES (%s, %s, %s)", [who, what, about])
