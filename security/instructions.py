"""The instructions of a Containerfile, continued lines joined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Instruction:
    """A keyword in capitals, what follows it, and the line it begins on."""

    keyword: str
    rest: str
    line: int


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of ``text`` in order; comments and the bodies of here-documents are left out."""
    pending, start, end_of_document = "", 0, None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if end_of_document is not None:
            end_of_document = None if line == end_of_document else end_of_document
            continue
        if line.startswith("#") or (not line and not pending):
            continue
        start = start if pending else number
        pending = f"{pending} {line}".strip()
        if line.endswith(("\\", "`")):
            pending = pending[:-1].rstrip()
            continue
        keyword, _, rest = pending.partition(" ")
        yield Instruction(keyword.upper(), rest.strip(), start)
        document = re.search(r"<<-?\s*[\"']?(\w+)", pending) if keyword.upper() in ("RUN", "COPY", "ADD") else None
        end_of_document = None if document is None else document[1]
        pending = ""
    if pending:
        keyword, _, rest = pending.partition(" ")
        yield Instruction(keyword.upper(), rest.strip(), start)


def is_containerfile(path: PurePosixPath) -> bool:
    """Whether a file is called as Containerfiles are."""
    usual = r"(?:Container|Docker)file(?:\.\w[\w.-]*)?|.+\.(?:containerfile|dockerfile)"
    return bool(re.fullmatch(usual, path.name, re.IGNORECASE))


def assignments(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """Names that an ENV or ARG sets and their values without quotes, empty for an ARG without; others set none."""
    if instruction.keyword not in ("ENV", "ARG"):
        return
    pairs = re.findall(r"([A-Za-z_][\w.-]*)=(\"(?:\\.|[^\"\\])*\"|'[^']*'|(?:\\.|[^\s\\])*)", instruction.rest)
    if not pairs:  # ARG NAME, and the old form ENV NAME the value
        name, _, value = instruction.rest.partition(" ")
        pairs = [(name, value.strip())]
    for name, value in pairs:
        yield name, value[1:-1] if value[:1] in "\"'" and value[:1] == value[-1:] and len(value) > 1 else value
