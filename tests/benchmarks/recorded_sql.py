"""The statements that one request has the database run, as a script for pgbench."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

_LINE = re.compile(r"^(?:\S+ ){3}\[(\d+)\] (LOG|DETAIL):  (.*)$")
_VARIABLE = re.compile(r":(?=[A-Za-z_])")
"""What pgbench takes for a variable of its own, in a literal too."""


def recorded(dsn: str, act: Callable[[], object]) -> list[str]:
    """The statements of the session that wrote while ``act`` ran, parameters filled in, transaction marks included.

    The database must be an embedded one, whose log lies beside its socket.
    """
    log = Path(str(conninfo_to_dict(dsn)["host"])).parent / "postgres.log"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(1.0)  # until every session has seen it
        begin = log.stat().st_size
        act()
        time.sleep(0.5)
        with log.open(errors="replace") as lines:
            lines.seek(begin)
            text = lines.read()
        connection.execute("ALTER SYSTEM RESET log_statement")
        connection.execute("SELECT pg_reload_conf()")
    return _of_writer(text)


def script(statements: list[str], stands_for: Mapping[str, str]) -> str:
    """``statements`` for pgbench: what ``stands_for`` names is replaced by an expression, wherever it stands."""
    known = re.compile("|".join(map(re.escape, stands_for)))

    def value(found: re.Match[str]) -> str:
        inside = found[0][1:-1]
        if inside in stands_for:
            return f"({stands_for[inside]})"
        if known.search(inside) is None and _VARIABLE.search(inside) is None:
            return found[0]
        parts = [_VARIABLE.sub(":' || '", part) for part in known.split(inside)]
        joined = f"'{parts[0]}'"
        for name, rest in zip(known.findall(inside), parts[1:], strict=True):
            joined += f" || ({stands_for[name]})::text || '{rest}'"
        return f"({joined}){'::jsonb' if _is_json(inside) else ''}"

    return "\n".join(re.sub(r"'(?:[^']|'')*'", value, " ".join(one.split())) + ";" for one in statements) + "\n"


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text.replace("''", "'")), dict | list)
    except ValueError:
        return False


def _of_writer(text: str) -> list[str]:
    """The statements of the one session that changed something."""
    sessions: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            if last and line.startswith("\t"):
                last[-1] += " " + line.strip()
            continue
        session, kind, said = found.groups()
        statement = re.match(r"(?:statement|execute [^:]+): (.*)", said)
        last = sessions.setdefault(session, [])
        if kind == "LOG" and statement is not None:
            last.append(statement[1])
        elif kind == "DETAIL" and last and (values := re.match(r"[Pp]arameters: (.*)", said)):
            last[-1] = _filled(last[-1], values[1])
            last = None
    written = [statements for statements in sessions.values() if any("INSERT" in one for one in statements)]
    assert len(written) == 1, f"{len(written)} sessions wrote: {sorted(sessions)}"
    first = next(n for n, one in enumerate(written[0]) if one == "BEGIN")
    return written[0][first : written[0].index("COMMIT", first) + 1]


def _filled(statement: str, values: str) -> str:
    found = dict(re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", values))
    return re.sub(r"\$(\d+)", lambda number: found[number[1]], statement)
