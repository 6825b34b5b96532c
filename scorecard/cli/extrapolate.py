"""``portance extrapolate``: measured points from a file, and the answer in words or as JSON values."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any, assert_never

from loadtests.capacity import REACH, Estimate, NotReachable, ReplicasNeeded
from scorecard.cli.errors import CommandError
from scorecard.evidence import Text
from scorecard.quantities import number

SCHEMA = "portance/extrapolation/1"

COLUMNS = ("level", "throughput")

Points = tuple[list[float], list[float]]


def read_points(path: Path) -> Points:
    """Levels and rates from a file, in its order; whether they suffice is for :mod:`loadtests.capacity` to say.

    CSV: a header with the columns ``level`` and ``throughput`` (others are left aside), then a line a run; with
    semicolons between the cells, decimals may have a comma. JSON (a name that ends in .json):
    ``{"level": [...], "throughput": [...]}`` or ``[{"level": ..., "throughput": ...}, ...]``.

    Raises:
        CommandError: the file cannot be read; says which line or which entry is wrong.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(
            path, en=f"not UTF-8 text (byte {error.start})", fr=f"pas en UTF-8 (octet {error.start})"
        ) from error
    except OSError as error:
        raise _wrong(path, en=f"cannot be read ({error.strerror})", fr=f"illisible ({error.strerror})") from error
    return _of_json(path, content) if path.suffix.lower() == ".json" else _of_csv(path, content)


def describe(estimate: Estimate, needed: ReplicasNeeded | NotReachable | None, lang: str) -> str:
    """The estimate in a sentence, with what it rests on, and the replicas needed where they were asked for."""
    level, value = number(estimate.level, lang), number(estimate.value, lang)
    low, high = number(estimate.low, lang), number(estimate.high, lang)
    percent = number(estimate.confidence * 100, lang)
    times = number(estimate.reach, lang)
    lines = [
        Text(
            en=f"At level {level}: {value}, between {low} and {high} ({percent}% confidence), "
            "in the unit of the measurements.",
            fr=f"Au niveau {level} : {value}, entre {low} et {high} (confiance {percent}\u202f%), "
            "dans l’unité des mesures.",
        ),
        Text(
            en=f"This is an extrapolation to {times} times the highest level measured; "
            f"beyond {REACH:g} times there is no answer.",
            fr=f"C’est une extrapolation à {times} fois le plus haut niveau mesuré ; "
            f"au-delà de {REACH:g} fois, pas de réponse.",
        )
        if estimate.reach > 1
        else Text(
            en="This level is within what was measured.",
            fr="Ce niveau est dans l’intervalle mesuré.",
        ),
    ]
    if needed is not None:
        lines.append(_replicas(needed))
    return "\n".join(line.in_(lang) for line in lines)


def as_document(estimate: Estimate, needed: ReplicasNeeded | NotReachable | None = None) -> dict[str, Any]:
    """The same as JSON values."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "level": estimate.level,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "confidence": estimate.confidence,
        "reach": estimate.reach,
    }
    match needed:
        case None:
            pass
        case ReplicasNeeded():
            document["replicas"] = {
                "reachable": True,
                "required": needed.required,
                "count": needed.count,
                "at_least": needed.at_least,
                "low": needed.low,
            }
        case NotReachable():
            document["replicas"] = {
                "reachable": False,
                "required": needed.required,
                "exhausted": needed.exhausted,
                "best_count": needed.best_count,
                "best_low": needed.best_low,
                "highest_judged": needed.highest_judged,
                "reason": _replicas(needed).model_dump(),
            }
        case _:
            assert_never(needed)
    return document


def _replicas(needed: ReplicasNeeded | NotReachable) -> Text:
    match needed:
        case ReplicasNeeded():
            return Text(
                en=f"Replicas needed: {needed.count}. {needed.at_least} carry {number(needed.required, 'en')} "
                f"(lower bound {number(needed.low, 'en')}), and one more may then be lost.",
                fr=f"Instances nécessaires : {needed.count}. {needed.at_least} portent "
                f"{number(needed.required, 'fr')} (borne basse {number(needed.low, 'fr')}), "
                "et l’on peut alors en perdre une.",
            )
        case NotReachable(exhausted=True):
            return Text(
                en=f"{number(needed.required, 'en')} is not reachable by adding replicas: they bring nothing more "
                f"(best lower bound {number(needed.best_low, 'en')}, at {needed.best_count}). "
                "Mend what saturates first.",
                fr=f"{number(needed.required, 'fr')} n’est pas atteignable en ajoutant des instances : elles "
                f"n’apportent plus rien (meilleure borne basse {number(needed.best_low, 'fr')}, à "
                f"{needed.best_count}). Corriger d’abord ce qui sature.",
            )
        case NotReachable():
            return Text(
                en=f"{number(needed.required, 'en')} is not shown to be reachable with up to {needed.highest_judged} "
                f"replicas (best lower bound {number(needed.best_low, 'en')}, at {needed.best_count}). "
                "Measure with more replicas.",
                fr=f"Rien ne montre que {number(needed.required, 'fr')} soit atteignable avec au plus "
                f"{needed.highest_judged} instances (meilleure borne basse {number(needed.best_low, 'fr')}, à "
                f"{needed.best_count}). Mesurer avec plus d’instances.",
            )
        case _:
            assert_never(needed)


def _of_csv(path: Path, content: str) -> Points:
    header = content.split("\n", 1)[0]
    separator = ";" if ";" in header else ","
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    points: list[tuple[float, float]] = []
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if any(names.count(column) != 1 for column in COLUMNS):
            raise _wrong(
                path,
                en='line 1: a header with the columns "level" and "throughput", once each, is needed',
                fr="ligne 1 : il faut un en-tête avec les colonnes « level » et « throughput », une fois chacune",
            )
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(names):
                raise _wrong(
                    path,
                    en=f"line {rows.line_num}: {len(row)} cells for {len(names)} columns",
                    fr=f"ligne {rows.line_num} : {len(row)} cellules pour {len(names)} colonnes",
                )
            level, rate = (
                _cell(path, rows.line_num, column, row[names.index(column)], comma=separator == ";")
                for column in COLUMNS
            )
            points.append((level, rate))
    except csv.Error as error:
        raise _wrong(
            path,
            en=f"line {rows.line_num}: not CSV ({error})",
            fr=f"ligne {rows.line_num} : pas du CSV ({error})",
        ) from error
    return [level for level, _ in points], [rate for _, rate in points]


def _cell(path: Path, line: int, column: str, text: str, *, comma: bool) -> float:
    try:
        value = float(text.replace(",", ".") if comma else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(
            path,
            en=f"line {line}: {column} is {text.strip()!r}, not a number",
            fr=f"ligne {line} : {column} vaut {text.strip()!r}, ce n’est pas un nombre",
        )
    return value


def _of_json(path: Path, content: str) -> Points:
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        raise _wrong(
            path,
            en=f"line {error.lineno}: not valid JSON ({error.msg})",
            fr=f"ligne {error.lineno} : JSON non valide ({error.msg})",
        ) from error
    match document:
        case {"level": [*levels], "throughput": [*rates]}:
            pass
        case [*entries] if all(isinstance(entry, dict) and set(COLUMNS) <= set(entry) for entry in entries):
            levels, rates = [entry["level"] for entry in entries], [entry["throughput"] for entry in entries]
        case _:
            raise _wrong(
                path,
                en='needs {"level": [...], "throughput": [...]} or a list of {"level": ..., "throughput": ...}',
                fr='il faut {"level": [...], "throughput": [...]} ou une liste de {"level": ..., "throughput": ...}',
            )
    for column, values in zip(COLUMNS, (levels, rates), strict=True):
        for place, value in enumerate(values, start=1):
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise _wrong(
                    path,
                    en=f"{column} number {place} is {value!r}, not a number",
                    fr=f"{column} numéro {place} vaut {value!r}, ce n’est pas un nombre",
                )
    return [float(level) for level in levels], [float(rate) for rate in rates]


def _wrong(path: Path, *, en: str, fr: str) -> CommandError:
    return CommandError(Text(en=f"{path}: {en}", fr=f"{path} : {fr}"))
