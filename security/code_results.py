"""What a reader of source code says of a line, whichever reader it is, and what two of them say of the same line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from security.rules import Hit, Rule


@dataclass(frozen=True)
class CodeResult:
    """A rule that a piece of code breaks.

    Attributes:
        rule: identifier; ruff's Snnn is written as bandit's Bnnn, which it is.
        names: what a mark in the source may call the rule.
        first: first line of the piece, ``last`` the last; ``line`` the one to look at.
        trait: the code without its literals.
        tools: who said so.
    """

    rule: str
    names: tuple[str, ...]
    file: str
    line: int
    first: int
    last: int
    what: Rule
    trait: str
    message: str
    tool_severity: str
    confidence: str
    tools: tuple[str, ...]

    def hit(self, prefix: str) -> Hit:
        """The result as a hit; ``prefix`` makes its file a path from the project's folder."""
        file = prefix + self.file
        said = f"; said by {' and '.join(self.tools)}" if len(self.tools) > 1 else ""
        return Hit(
            category="code",
            rule=self.rule,
            what=self.what,
            location=f"{file}:{self.line}",
            place=file,
            trait=self.trait,
            message=self.message + said,
            tool_severity=self.tool_severity,
            confidence=self.confidence,
        )


def merged(first: Iterable[CodeResult], *others: Iterable[CodeResult]) -> list[CodeResult]:
    """The results of ``first``, and those of ``others`` that nobody before them gave.

    Two results are one when they are of the same rule, or of the same weakness, on lines of one file that overlap; it
    keeps the words of the first and names both tools.
    """
    kept = list(first)
    for results in others:
        for result in results:
            same = next((number for number, one in enumerate(kept) if _same(one, result)), None)
            if same is None:
                kept.append(result)
            else:
                tools = dict.fromkeys((*kept[same].tools, *result.tools))
                kept[same] = replace(kept[same], tools=tuple(tools))
    return kept


def _same(one: CodeResult, other: CodeResult) -> bool:
    alike = one.rule == other.rule or (
        one.tools != other.tools and one.what.cwe == other.what.cwe != ""  # two rules of one tool are two results
    )
    return alike and one.file == other.file and one.first <= other.last and other.first <= one.last
