"""Runs in the database: kept once, never changed, read as a history."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from scorecard.portfolio import Answer, Point, Record
from scorecard.publication.errors import not_found
from scorecard.publication.members import Db, record
from scorecard.publication.submission import SCORECARD, Submission
from scorecard.scorecard import Decision, GradeRange, Scorecard, Verdict


@dataclass(frozen=True)
class Kept:
    """A run in short; ``digest`` is the SHA-256 of its scorecard.json, in hexadecimal."""

    digest: str
    project: str
    made: str
    graded_on: date
    decision: str
    grade: dict[str, Any]
    published_by: str
    published_at: datetime


_SHORT = "digest, project, made, graded_on, decision, grade, published_by, published_at"


def keep(connection: Db, submission: Submission, card: Scorecard, by: str) -> tuple[str, bool]:
    """Keep a judged run; returns its digest and whether it is new. Sent twice, it is kept once."""
    document = submission.files[SCORECARD]
    digest = hashlib.sha256(document.encode()).hexdigest()
    answers = [
        [judged.criterion.id, judged.criterion.title.en, judged.verdict.value, judged.criterion.blocking]
        for judged in card.judged
    ]
    with connection.transaction():
        row = connection.execute(
            "INSERT INTO run (digest, project, made, folder, graded_on, decision, grade, answers, kind, users, until,"
            " users_cap, scorecard, card, files, published_by)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (digest) DO NOTHING RETURNING id",
            [
                digest,
                card.project.name,
                submission.folder[:16],
                submission.folder,
                card.graded_on,
                card.decision.value,
                Jsonb(card.grade.model_dump(mode="json")),
                Jsonb(answers),
                card.project.kind,
                card.project.users,
                None if card.condition is None else card.condition.until,
                None if card.condition is None else card.condition.users_cap,
                _packed(document),
                _packed(card.model_dump_json(by_alias=True)),
                _packed(json.dumps(submission.files, ensure_ascii=False)),
                by,
            ],
        ).fetchone()
        if row is not None:
            record(connection, by, "run published", f"{card.project.name} {submission.folder}")
    return digest, row is not None


def history(connection: Db, project: str) -> list[Kept]:
    """Runs of ``project``, the newest first. Raises Refusal (404) where there is none."""
    with connection.cursor(row_factory=class_row(Kept)) as cursor:
        found = cursor.execute(
            f"SELECT {_SHORT} FROM run WHERE project = %s ORDER BY made DESC, id DESC",  # noqa: S608 (a constant)
            [project],
        ).fetchall()
    if not found:
        raise not_found()
    return found


def of_digest(connection: Db, digest: str) -> Kept:
    """The run with this digest. Raises Refusal (404)."""
    with connection.cursor(row_factory=class_row(Kept)) as cursor:
        found = cursor.execute(f"SELECT {_SHORT} FROM run WHERE digest = %s", [digest]).fetchone()  # noqa: S608
    if found is None:
        raise not_found()
    return found


def document(connection: Db, digest: str) -> str:
    """The scorecard.json as it was published. Raises Refusal (404)."""
    return _unpacked(connection, "scorecard", digest)


def card(connection: Db, digest: str) -> Scorecard:
    """The whole judgement, as this service reached it on the day of publication. Raises Refusal (404)."""
    return Scorecard.model_validate_json(_unpacked(connection, "card", digest))


def files(connection: Db, digest: str) -> str:
    """What it was judged on, a JSON object of file names and texts. Raises Refusal (404)."""
    return _unpacked(connection, "files", digest)


def records(connection: Db, project: str | None = None) -> Iterator[Record]:
    """Every project (or ``project`` alone) with all its runs, and the answers of the last one."""
    points: dict[str, list[Point]] = {}
    rows = connection.execute(
        "SELECT project, made, folder, graded_on, decision, grade FROM run"
        " WHERE %(project)s::text IS NULL OR project = %(project)s ORDER BY project, made, id",
        {"project": project},
    )
    for name, made, folder, graded_on, decision, grade in rows:
        points.setdefault(name, []).append(
            Point(made, folder, graded_on, Decision(decision), GradeRange.model_validate(grade))
        )
    last = connection.execute(
        "SELECT DISTINCT ON (project) project, kind, users, until, users_cap, answers FROM run"
        " WHERE %(project)s::text IS NULL OR project = %(project)s ORDER BY project, made DESC, id DESC",
        {"project": project},
    )
    for name, kind, users, until, users_cap, answers in last:
        yield Record(
            name=name,
            kind=kind,
            users=users,
            points=tuple(points[name]),
            answers=tuple(Answer(i, title, Verdict(verdict), blocking) for i, title, verdict, blocking in answers),
            until=until,
            users_cap=users_cap,
        )


def _unpacked(connection: Db, column: str, digest: str) -> str:
    row = connection.execute(f"SELECT {column} FROM run WHERE digest = %s", [digest]).fetchone()  # noqa: S608
    if row is None:
        raise not_found()
    return gzip.decompress(row[0]).decode()


def _packed(text: str) -> bytes:
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)
