"""A local source of advisories in the OSV format, for networks without an advisory service.

``security.advisories`` names a folder of ``*.json`` records (or ``*.jsonl``, ``*.jsonl.gz``), or one such file. The
source is read as a stream and only records of packages asked about are kept, so its size does not matter.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from scorecard.evidence import Severity, Text
from security.advisories import CONTROL, Advisory, Audit, distinct
from security.cvss import band, base_score
from security.requirements_file import Pin
from security.tool import ToolError

_SUFFIXES = (".json", ".jsonl", ".jsonl.gz")
_WORDS = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
}


@dataclass
class _Reading:
    """What a pass over the source gathered."""

    records: int = 0
    damaged: int = 0
    newest: date | None = None
    found: dict[Pin, list[Advisory]] = field(default_factory=dict)
    undecided: set[Pin] = field(default_factory=set)


def audit(pins: set[Pin], source: Path, shown: str, *, today: date, max_age_days: int) -> Audit:
    """Advisories of ``source`` about ``pins``; data older than ``max_age_days`` on ``today`` clears nothing.

    Raises:
        ToolError: the source is missing or holds no record that can be read.
    """
    reading = _Reading()
    wanted: dict[str, list[Pin]] = {}
    for pin in sorted({*pins, CONTROL}):
        wanted.setdefault(pin.name, []).append(pin)
    for record in _records(source, shown, reading):
        _take(record, wanted, reading)
    if reading.records == 0:
        raise ToolError(_no_record(shown))
    age = None if reading.newest is None else float((today - reading.newest).days)
    vulnerable = {pin: distinct(found) for pin, found in sorted(reading.found.items()) if pin in pins}
    undecided = tuple(sorted(pin.url for pin in reading.undecided & pins - vulnerable.keys()))
    return Audit(
        vulnerable=vulnerable,
        unaudited=undecided,
        blind=CONTROL not in reading.found,
        gap=_gap(reading, shown, age, max_age_days),
        age_days=age,
        source=f"{shown}, {reading.records} advisories, newest of {reading.newest or 'an unknown date'}",
        tool="portance-osv",
        version=metadata.version("portance"),
        command=("osv", "match", "--advisories", shown),
        raw={
            "source": shown,
            "records": reading.records,
            "damaged": reading.damaged,
            "newest": None if reading.newest is None else reading.newest.isoformat(),
            "matches": {pin.url: [advisory.id for advisory in found] for pin, found in vulnerable.items()},
            "undecided": list(undecided),
        },
    )


def _records(source: Path, shown: str, reading: _Reading) -> Iterator[dict[str, Any]]:
    files = sorted(source.rglob("*")) if source.is_dir() else [source]
    readable = [file for file in files if file.name.endswith(_SUFFIXES) and file.is_file()]
    if not readable:
        raise ToolError(_no_source(shown))
    for file in readable:
        try:
            yield from _records_of(file, reading)
        except (OSError, EOFError, zlib.error):
            reading.damaged += 1


def _records_of(file: Path, reading: _Reading) -> Iterator[dict[str, Any]]:
    if file.suffix == ".json":
        texts: Iterator[bytes] = iter([file.read_bytes()])
    else:
        texts = _lines(file)
    for text in texts:
        try:
            record = json.loads(text)
        except ValueError:
            reading.damaged += 1
            continue
        if not isinstance(record, dict) or not isinstance(record.get("id"), str):
            reading.damaged += 1
            continue
        yield record


def _lines(file: Path) -> Iterator[bytes]:
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
        for line in stream:
            if line.strip():
                yield line


def _take(record: dict[str, Any], wanted: dict[str, list[Pin]], reading: _Reading) -> None:
    reading.records += 1
    modified = _date(record.get("modified"))
    if modified is not None and (reading.newest is None or modified > reading.newest):
        reading.newest = modified
    if record.get("withdrawn"):
        return
    for affected in record.get("affected") or ():
        package = affected.get("package") or {}
        if package.get("ecosystem") != "PyPI":
            continue
        for pin in wanted.get(canonicalize_name(str(package.get("name", ""))), ()):
            match _is_affected(pin, affected):
                case True:
                    reading.found.setdefault(pin, []).append(_advisory(record, affected))
                case None:
                    reading.undecided.add(pin)
                case False:
                    pass


def _is_affected(pin: Pin, affected: dict[str, Any]) -> bool | None:
    """Whether ``pin`` is listed or in a range; None when a range of the record makes no sense.

    The evaluation is that of the OSV schema: listed versions first, then the events of each range in order.
    """
    version = Version(pin.version)
    if any(_same(version, listed) for listed in affected.get("versions") or ()):
        return True
    undecided = False
    for events in (r.get("events") or () for r in affected.get("ranges") or () if r.get("type") == "ECOSYSTEM"):
        try:
            if _in_range(version, events):
                return True
        except InvalidVersion:
            undecided = True
    return None if undecided else False


def _same(version: Version, listed: str) -> bool:
    try:
        return Version(listed) == version
    except InvalidVersion:
        return False


def _in_range(version: Version, events: Iterable[dict[str, str]]) -> bool:
    ordered = sorted(
        (Version("0.dev0") if bound == "0" else Version(bound), kind)
        for event in events
        for kind, bound in event.items()
        if kind in ("introduced", "fixed", "last_affected")
    )
    inside = False
    for bound, kind in ordered:
        match kind:
            case "introduced" if version >= bound:
                inside = True
            case "fixed" if version >= bound:
                inside = False
            case "last_affected" if version > bound:
                inside = False
    return inside


def _advisory(record: dict[str, Any], affected: dict[str, Any]) -> Advisory:
    fixed = {
        event["fixed"]
        for r in affected.get("ranges") or ()
        if r.get("type") == "ECOSYSTEM"
        for event in r.get("events") or ()
        if "fixed" in event
    }
    return Advisory(
        id=record["id"],
        aliases=tuple(str(alias) for alias in record.get("aliases") or ()),
        fixed=tuple(sorted(fixed)),
        severity=_severity(record),
    )


def _severity(record: dict[str, Any]) -> Severity | None:
    scores = [
        score
        for severity in record.get("severity") or ()
        if (score := base_score(str(severity.get("score", "")))) is not None
    ]
    if scores:
        return band(max(scores))
    return _WORDS.get(str((record.get("database_specific") or {}).get("severity", "")).upper())


def _date(value: Any) -> date | None:
    try:
        return datetime.fromisoformat(value).date()
    except (TypeError, ValueError):
        return None


def _gap(reading: _Reading, shown: str, age: float | None, max_age_days: int) -> Text | None:
    if CONTROL not in reading.found:
        return Text(
            en=f"{shown} does not know of {CONTROL.name} {CONTROL.version}, vulnerable since 2014: it is not a whole "
            "advisory database, and clears nothing",
            fr=f"{shown} ignore {CONTROL.name} {CONTROL.version}, vulnérable depuis 2014 : ce n’est pas une base "
            "d’avis complète, elle n’innocente rien",
        )
    if reading.damaged:
        return Text(
            en=f"{reading.damaged} records of {shown} cannot be read: it clears nothing",
            fr=f"{reading.damaged} avis de {shown} sont illisibles : la base n’innocente rien",
        )
    if age is None or reading.newest is None or age < -1:
        return Text(
            en=f"the date of {shown} cannot be told, or is in the future: it clears nothing",
            fr=f"la date de {shown} est inconnue ou dans le futur : la base n’innocente rien",
        )
    if age > max_age_days:
        return Text(
            en=f"the newest advisory of {shown} is of {reading.newest}, {age:.0f} days ago; past {max_age_days} days "
            "it clears nothing: bring a fresh copy",
            fr=f"l’avis le plus récent de {shown} est du {reading.newest}, il y a {age:.0f} jours ; au-delà de "
            f"{max_age_days} jours la base n’innocente rien : en apporter une copie récente",
        )
    return None


def _no_source(shown: str) -> Text:
    kinds = ", ".join(_SUFFIXES)
    return Text(
        en=f"security.advisories names {shown}, where there is no advisory file ({kinds})",
        fr=f"security.advisories indique {shown}, où il n’y a aucun fichier d’avis ({kinds})",
    )


def _no_record(shown: str) -> Text:
    return Text(
        en=f"{shown} holds no advisory that can be read", fr=f"{shown} ne contient aucun avis de sécurité lisible"
    )
