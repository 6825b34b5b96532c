"""Python code read by own rules, one module at a time: values of visitors, settings that open a service, routes."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scorecard.evidence import Severity
from scorecard.findings.route import Route
from security.code_results import CodeResult
from security.patterns import patterns
from security.redaction import without_literals
from security.routes import Outline, outline, routes
from security.visitor_values import Flow, flows

TOOL = "portance"
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True)
class Read:
    """What the own rules found, the routes of the project, and the files that no time was left for."""

    results: tuple[CodeResult, ...]
    routes: tuple[Route, ...]
    unread: tuple[str, ...] = ()


def read(
    root: Path,
    files: Sequence[str],
    *,
    timeout_s: float = 60.0,
    tick: Callable[[float], None] = lambda _share: None,
) -> Read:
    """Results in ``files`` below ``root``; one that is no Python gives none, which bandit says.

    ``tick`` is called with the share that is read, before each file.
    """
    results: list[CodeResult] = []
    outlines: dict[str, Outline] = {}
    end = time.monotonic() + timeout_s
    for number, file in enumerate(files):
        tick(number / len(files))
        if time.monotonic() > end:
            return Read(tuple(results), routes(outlines), tuple(files[number:]))
        try:
            content = (root / file).read_bytes()
            module = ast.parse(content)
            found = [*flows(module), *patterns(module)]
            outlines[file] = outline(module)
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        results += _results(file, content.decode("utf-8", "replace").splitlines(), found)
    return Read(tuple(results), routes(outlines))


def _results(file: str, lines: list[str], found: list[Flow]) -> list[CodeResult]:
    """One result a line and weakness: the worst."""
    kept: dict[tuple[int, str], CodeResult] = {}
    for flow in sorted(found, key=lambda one: _RANK[one.sink.what.severity]):
        result = _result(file, lines, flow)
        kept.setdefault((result.first, result.what.cwe), result)
    return sorted(kept.values(), key=lambda one: one.first)


def _result(file: str, lines: list[str], flow: Flow) -> CodeResult:
    sink = flow.sink
    first, last = flow.first, flow.last
    return CodeResult(
        rule=sink.rule,
        names=(sink.rule,),
        file=file,
        line=first,
        first=first,
        last=last,
        what=sink.what,
        trait=without_literals(" ".join(lines[first - 1 : last])),
        message=f"{sink.message} ({sink.rule})",
        tool_severity="",
        confidence="MEDIUM",
        tools=(TOOL,),
    )
