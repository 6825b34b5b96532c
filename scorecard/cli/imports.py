"""``portance import``: a file of another tool becomes evidence of a run, and the run is graded again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scorecard import evidence
from scorecard.bridges import dashlord, gatling, junit, k6, locust_csv
from scorecard.bridges.foreign import BridgeError, Foreign, as_evidence
from scorecard.cli.errors import CommandError
from scorecard.cli.foreign_findings import read_sarif
from scorecard.cli.grade import grade_run, write_reports
from scorecard.cli.runs import Run
from scorecard.evidence import Evidence, Text

READERS: dict[str, Callable[[bytes], Foreign]] = {
    "k6": k6.read,
    "gatling": gatling.read,
    "locust": locust_csv.read,
    "junit": junit.read,
    "sarif": read_sarif,
}
"""Formats read without further words; DashLord needs an address."""


@dataclass(frozen=True)
class Wanted:
    """What is to be taken over, as it was asked for; see the options of the command."""

    file: Path
    format: str
    name: str | None = None
    link: str = ""
    url: str | None = None
    observed: datetime | None = None


def take_over(folder: Path, wanted: Wanted, *, now: datetime, lang: str) -> Evidence:
    """Write the evidence ``imported-<name>`` into the run and grade it again; the same name replaces what it held.

    Raises:
        CommandError: no such run, format or file, or the file is not what it is said to be.
        ProjectError: the project file of the run is wrong.
        OSError: the run folder cannot be written.
    """
    run = Run(folder)
    project, _, _ = run.read()
    name = wanted.format if wanted.name is None else wanted.name
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > 40:
        raise CommandError(
            Text(
                en=f"name {name!r}: lower-case letters, digits and hyphens, 40 at most",
                fr=f"nom {name!r} : lettres minuscules, chiffres et traits d’union, 40 au plus",
            )
        )
    content = _content(wanted.file)
    try:
        foreign = _read(content, wanted)
        taken = as_evidence(
            foreign,
            name=name,
            project=project.project.name,
            source=_source(foreign, wanted, content),
            observed=_observed(foreign, wanted),
            now=now,
        )
    except BridgeError as error:
        raise _wrong(wanted.file, error.text) from error
    evidence.write(taken, run.evidence_folder)
    write_reports(run, grade_run(run, now.date()), lang)
    return taken


def _read(content: bytes, wanted: Wanted) -> Foreign:
    if wanted.format == "dashlord":
        return dashlord.read(content, wanted.url)
    if wanted.format not in READERS:
        known = ", ".join([*READERS, "dashlord"])
        raise CommandError(
            Text(
                en=f"no format {wanted.format!r} to import; known: {known}",
                fr=f"format à importer inconnu : {wanted.format!r} ; connus : {known}",
            )
        )
    return READERS[wanted.format](content)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(
            Text(en=f"{path}: cannot be read ({error.strerror})", fr=f"{path} : illisible ({error.strerror})")
        ) from error


def _observed(foreign: Foreign, wanted: Wanted) -> datetime:
    """When the tool observed. The date of a file on disk is no evidence: it changes with every copy."""
    if foreign.observed is not None:
        return foreign.observed
    if wanted.observed is not None:
        return wanted.observed.replace(tzinfo=UTC)
    raise BridgeError(
        Text(
            en="does not say when it was made: say it with --observed YYYY-MM-DD",
            fr="ne dit pas de quand il date : le dire par --observed AAAA-MM-JJ",
        )
    )


def _source(foreign: Foreign, wanted: Wanted, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    words = [f"{foreign.tool} {foreign.version}".strip(), f"{wanted.file.name} (sha256:{digest})"]
    return " · ".join([*words, wanted.link] if wanted.link else words)


def _wrong(path: Path, text: Text) -> CommandError:
    return CommandError(Text(en=f"{path}: {text.en}", fr=f"{path} : {text.fr}"))
