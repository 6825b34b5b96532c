"""Statements whose time grew with the data are named, by what was traced before and after."""

from __future__ import annotations

import json
from pathlib import Path

from observability import grown
from observability.requests import Request, assemble
from observability.spans import Span, Work

MS = 1_000_000
BOTH = frozenset({"sql", "http"})


def asked(folder: Path, first: int, statements: dict[str, float]) -> list[Request]:
    """Twelve requests with one statement each of ``statements`` (milliseconds), and the list of their traces."""
    folder.mkdir(parents=True)
    spans, lines = [], []
    for number in range(first, first + 12):
        trace = f"{number:032x}"
        server = Span(
            trace_id=trace, span_id=f"{number:016x}", parent_id="c" * 16, work=Work.SERVING, label="GET /a",
            start_ns=0, end_ns=500 * MS, failed=False, service="s", instrumented=BOTH,
        )  # fmt: skip
        spans.append(server)
        for place, (text, lasts) in enumerate(statements.items(), 1):
            spans.append(
                server._replace(
                    span_id=f"{number:08x}{place:08x}", parent_id=server.span_id, work=Work.SQL, label=text,
                    start_ns=100 * place * MS, end_ns=int((100 * place + lasts) * MS),
                )
            )  # fmt: skip
        lines.append(json.dumps({"trace_id": trace, "name": "a", "start": 1.0, "latency_s": 0.5, "ok": True}))
    (folder / "sent-traces.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(assemble(spans).requests)


def test_the_statement_that_grew_most_is_named_and_a_steady_one_is_not(tmp_path: Path) -> None:
    requests = asked(tmp_path / "before", 1, {"SELECT one": 3.0, "SELECT all": 4.0})
    requests += asked(tmp_path / "after", 100, {"SELECT one": 3.2, "SELECT all": 42.0})
    found = grown.statements(requests, tmp_path)
    assert found is not None
    assert [one.text for one in found] == ["SELECT all", "SELECT one"]
    said = grown.fact(found)
    assert said.value == "SELECT all"
    assert "4.0 ms before, 42 ms with ten times the records" in said.detail
    (table,) = grown.tables(found)
    assert len(table.rows) == 2


def test_where_nothing_grew_none_is_named(tmp_path: Path) -> None:
    requests = asked(tmp_path / "before", 1, {"SELECT one": 0.3}) + asked(tmp_path / "after", 100, {"SELECT one": 0.9})
    assert grown.fact(grown.statements(requests, tmp_path)).value == "none"  # three times as long, and still nothing


def test_where_no_growth_was_traced_it_is_unknown(tmp_path: Path) -> None:
    requests = asked(tmp_path / "before", 1, {"SELECT one": 3.0})
    found = grown.statements(requests, tmp_path)
    assert found is None
    assert grown.fact(found).value is None
    assert grown.tables(found) == ()
