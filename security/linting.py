"""Linters that speak SARIF, one file after the other: what one of them cannot read is a gap, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from scorecard.evidence import Evidence, Provenance, Status, Suppression, Text, Unit
from scorecard.site import Site
from security import sarif
from security.account import by_severity, facts_by_severity, found, handed_in
from security.observation import keep, unobserved
from security.rules import Hit, Rule
from security.sarif import Result, SarifError
from security.sweep import Report, sweep
from security.tool import Finished, Tool, ToolError, crashed, garbage, scanner, shown, version
from security.tree import Gap, Tree, shown_from

Judge = Callable[[Mapping[int, str], Result], bool]
"""A yes or no about a result, from the lines of its file (by number, from 1)."""
Own = Callable[[Path, str], Sequence[Result]]
"""Own rules for what the linter does not see: results of a file of the tree."""


def _none(_root: Path, _name: str) -> Sequence[Result]:
    return ()


def _always(_lines: Mapping[int, str], _result: Result) -> bool:
    return True


@dataclass(frozen=True)
class Linter:
    """A program, and what its results mean.

    Attributes:
        name: of the evidence.
        prefix: of the facts; the first is ``<prefix>_high``.
        exit_codes: those of a run that looked at everything.
        rule: what a result means here.
        marked: whether a line says that somebody accepted the result.
        stands: whether the result is not a mistake of the linter.
        unreadable: rule of the result that says the file could not be parsed.
    """

    name: str
    prefix: str
    program: str
    package: str
    arguments: tuple[str, ...]
    doing: Text
    rule: Callable[[Result], Rule]
    marked: Judge
    marks: str
    own: Own = _none
    stands: Judge = _always
    exit_codes: tuple[int, ...] = (0,)
    unreadable: str = ""
    env: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Unit]:
        """The facts of its evidence."""
        return facts_by_severity(self.prefix)


def lint(
    site: Site, linter: Linter, take: Callable[[], Tree], *, tool: Tool | None = None, timeout_s: float = 120.0
) -> Evidence:
    """Evidence of ``linter`` over the tree that ``take`` gives; ``tool`` is looked for when it is None.

    The counts are unknown, or lower bounds, as soon as one file was not read.
    """
    started = datetime.now(UTC)
    try:
        tree = take()
        tool = scanner(linter.program, package=linter.package) if tool is None else tool
        known_version = version(tool)

        def report(tool: Tool, finished: Finished) -> Report:
            return _report(linter, tree.root, tool, finished)

        swept = sweep(
            site,
            tree,
            tool,
            linter.arguments,
            report,
            lambda batch, one: (
                Gap(batch[0], _unreadable(tool)) for r in one["results"] if r.rule == linter.unreadable
            ),
            doing=linter.doing,
            timeout_s=timeout_s,
            size=1,
            env=linter.env,
        )
    except ToolError as error:
        return unobserved(site, linter.name, Status.ERROR, error.text, linter.facts)
    unread = {gap.path for gap in swept.gaps}
    results = [result for one in swept.reports for result in one["results"] if result.path not in unread]
    results += [result for name in tree.files if name not in unread for result in linter.own(tree.root, name)]
    return _evidence(site, linter, tree, swept.read, swept.gap, results, started, tool, known_version)


def lines_of(path: Path) -> dict[int, str]:
    """Lines of a text by their number, from 1; none when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(enumerate(text.splitlines(), start=1))


def _report(linter: Linter, root: Path, tool: Tool, finished: Finished) -> Report:
    if finished.exit_code not in linter.exit_codes:
        raise crashed(tool, finished)
    try:
        return {"results": sarif.read(finished.stdout, root=root)}
    except SarifError as error:
        raise garbage(tool, finished) from error


def _evidence(
    site: Site,
    linter: Linter,
    tree: Tree,
    read: int,
    gap: Text | None,
    results: list[Result],
    started: datetime,
    tool: Tool,
    known_version: str,
) -> Evidence:
    texts = {name: lines_of(tree.root / name) for name in {result.path for result in results}}
    prefix = shown_from(site, tree.root)
    results = [result for result in results if linter.stands(texts[result.path], result)]
    marked = [result for result in results if linter.marked(texts[result.path], result)]
    standing = [result for result in results if result not in marked]

    def hit(result: Result) -> Hit:
        return _hit(linter, result, prefix, texts[result.path])

    mark = Suppression(reason=f"marked in the file ({linter.marks})", owner="author of the line")
    seen = found(map(hit, standing), map(hit, marked), mark)
    raw = [
        {"rule": r.rule, "level": r.level.value, "file": prefix + r.path, "line": r.line, "message": r.message}
        for r in results
    ]
    return handed_in(
        site,
        linter.name,
        by_severity(linter.prefix, seen, read, gap, f"read: {_some(prefix, tree.files)}", linter.marks),
        seen,
        gap,
        Provenance.since(
            started, tool=tool.name, version=known_version, command=(*tool.shown, *shown(linter.arguments))
        ),
        keep(site, linter.name, f"{linter.program}.json", raw),
    )


def _hit(linter: Linter, result: Result, prefix: str, lines: Mapping[int, str]) -> Hit:
    file = prefix + result.path
    return Hit(
        category=linter.name,
        rule=result.rule,
        what=linter.rule(result),
        location=file if result.line is None else f"{file}:{result.line}",
        place=file,
        # What the line is about, without its value: the first word of an instruction, the key of a mapping.
        trait=result.rule + " " + lines.get(result.line or 0, "").strip().split("=")[0].split(":")[0][:60],
        message=f"{' '.join(result.message.split())} ({result.rule})",
        tool_severity=result.level.value,
    )


def _some(prefix: str, files: list[str]) -> str:
    return ", ".join(prefix + name for name in files[:5]) + (", …" if len(files) > 5 else "")


def _unreadable(tool: Tool) -> Text:
    return Text(en=f"{tool.name} cannot parse it", fr=f"{tool.name} ne peut pas l’analyser")
