"""Evidence: facts with units, provenance and a digest, never a judgement.

One collector writes one :class:`Evidence`, kept as ``evidence/<name>.json`` in the folder of a run. A fact that could
not be observed has no value and a reason; it is never left out, and never replaced by a default.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

SCHEMA = "portance/evidence/1"

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=120)]


class EvidenceError(Exception):
    """An evidence file cannot be used: it is missing, cut short, edited, or of another schema."""


class Strict(BaseModel):
    """Immutable model that refuses unknown fields, coercions, NaN and infinities."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


class Text(Strict):
    """A sentence for people, in English and in French."""

    en: str
    fr: str

    def in_(self, lang: str) -> str:
        """The sentence in ``lang`` ("en" or "fr")."""
        return self.fr if lang == "fr" else self.en


class Unit(StrEnum):
    """Units a number may carry; a criterion asks for one of them and takes no other."""

    SECOND = "s"
    REQUESTS_PER_SECOND = "req/s"
    JOURNEYS_PER_SECOND = "journeys/s"
    RATIO = "1"
    COUNT = "count"
    USERS = "users"
    BYTES = "B"
    DAYS = "d"
    MONTHS = "months"
    YEARS = "years"
    SCORE_OF_10 = "/10"
    SCORE_OF_5 = "/5"
    YES_NO = "bool"
    TEXT = "text"


class Severity(StrEnum):
    """Severity of a finding, after the tools' own scales were mapped onto CVSS bands."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


class Status(StrEnum):
    """How a collection ended. Only ``completed`` means that all it promised to look at was looked at."""

    COMPLETED = "completed"
    DEGRADED = "degraded"
    SKIPPED = "skipped"
    ERROR = "error"


class Fact(Strict):
    """One observed value in one unit, with an interval where the observation has one.

    ``value`` is None when it could not be observed; ``reason`` then says why. ``observed_on`` is given when it differs
    from the date of the evidence (a declaration); ``source`` then names the owner and the link.
    """

    id: Identifier
    value: bool | int | float | str | None
    unit: Unit
    low: float | int | None = None
    high: float | int | None = None
    reason: Text | None = None
    detail: str = ""
    observed_on: date | None = Field(default=None, strict=False)
    source: str = ""

    @model_validator(mode="after")
    def _value_fits_unit(self) -> Self:
        value = self.value
        if value is None:
            if self.reason is None:
                raise ValueError(f"fact {self.id} has no value and no reason")
            return self
        fits = {
            Unit.YES_NO: isinstance(value, bool),
            Unit.TEXT: isinstance(value, str),
        }.get(self.unit, isinstance(value, int | float) and not isinstance(value, bool))
        if not fits:
            raise ValueError(f"fact {self.id}: {value!r} is not a value in unit {self.unit.value!r}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"fact {self.id}: low {self.low} is above high {self.high}")
        return self


class Suppression(Strict):
    """Why a finding is set aside, by whom and until when (None: nobody gave an end)."""

    reason: str
    owner: str
    expiry: date | None = Field(default=None, strict=False)


class Finding(Strict):
    """One thing a scanner found, normalised after SARIF 2.1.0.

    ``location`` is ``path:line`` for code, ``METHOD /route`` for a service, a package URL for a dependency,
    ``Kind/name/container`` for a manifest. ``message`` is redacted: it quotes no secret and no personal value.
    """

    category: str
    rule: str
    severity: Severity
    tool_severity: str = ""
    confidence: str = ""
    location: str
    message: str
    cwe: str = ""
    asvs: str = ""
    remedy: str = ""
    fingerprint: str = ""
    suppression: Suppression | None = None


class Column(Strict):
    """A column of a table; ``unit`` is None for words."""

    name: Identifier
    unit: Unit | None = None


class Table(Strict):
    """Rows behind a plot: one value (or None) a column."""

    id: Identifier
    columns: tuple[Column, ...] = Field(strict=False)
    rows: tuple[tuple[float | int | str | None, ...], ...] = Field(strict=False)

    @model_validator(mode="after")
    def _rows_fit_columns(self) -> Self:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.id}: row {number} has {len(row)} cells for {len(self.columns)} columns")
        return self


class Machine(Strict):
    """The machine a measurement was made on; no host name, since evidence travels."""

    system: str
    cpu: str
    cores: int
    memory_bytes: int
    python: str

    @classmethod
    def here(cls) -> Machine:
        """This machine: usable cores, not those of the host."""
        return cls(
            system=f"{platform.system()} {platform.release()} {platform.machine()}",
            cpu=_cpu_model(),
            cores=len(os.sched_getaffinity(0)),
            memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            python=platform.python_version(),
        )


class Provenance(Strict):
    """Who observed, how, where, when (UTC) and for how long (seconds).

    ``machine`` is None where another tool observed and did not say on which.
    """

    tool: str
    version: str
    command: tuple[str, ...] = Field(strict=False)
    machine: Machine | None
    started: AwareDatetime = Field(strict=False)
    duration_s: float = Field(ge=0)

    @classmethod
    def since(cls, started: datetime, *, tool: str, version: str, command: Sequence[str] = ()) -> Provenance:
        """Provenance of an observation begun at ``started`` (aware) on this machine and ended now."""
        return cls(
            tool=tool,
            version=version,
            command=tuple(command),
            machine=Machine.here(),
            started=started.astimezone(UTC),
            duration_s=max(0.0, round((datetime.now(UTC) - started).total_seconds(), 3)),
        )


class Evidence(Strict):
    """What one collector saw in one run."""

    schema_: Literal["portance/evidence/1"] = Field(default="portance/evidence/1", alias="schema")
    name: Identifier
    collector: str
    project: str
    status: Status = Field(strict=False)
    reason: Text | None = None
    provenance: Provenance | None = None
    facts: tuple[Fact, ...] = Field(default=(), strict=False)
    findings: tuple[Finding, ...] = Field(default=(), strict=False)
    tables: tuple[Table, ...] = Field(default=(), strict=False)
    raw: dict[str, str] = Field(default_factory=dict, description="raw output files of the tool: name and SHA-256")
    digest: str = ""

    @model_validator(mode="after")
    def _says_why_and_whence(self) -> Self:
        if self.status is not Status.COMPLETED and self.reason is None:
            raise ValueError(f"evidence {self.name} is {self.status.value} without a reason")
        if self.status in (Status.COMPLETED, Status.DEGRADED) and self.provenance is None:
            raise ValueError(f"evidence {self.name} is {self.status.value} without provenance")
        return self

    def sealed(self) -> Evidence:
        """The same evidence with its digest computed."""
        return self.model_copy(update={"digest": self.computed_digest()})

    def computed_digest(self) -> str:
        """SHA-256 of the canonical JSON of everything but the digest itself."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"digest"})
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def broken(name: str, project: str, reason: Text, *, collector: str = "portance") -> Evidence:
    """Evidence that nothing could be observed: grading turns every fact it should hold into unknown."""
    return Evidence(name=name, collector=collector, project=project, status=Status.ERROR, reason=reason)


def write(evidence: Evidence, folder: Path) -> Path:
    """Seal ``evidence`` and write ``folder/<name>.json`` whole or not at all.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{evidence.name}.json"
    content = evidence.sealed().model_dump_json(by_alias=True, indent=1) + "\n"
    temporary = path.with_suffix(".json.part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def read(path: Path) -> Evidence:
    """Read one evidence file and check its schema and its digest.

    Raises:
        EvidenceError: with one line that names the file and what is wrong with it.
    """
    try:
        content = path.read_text(encoding="utf-8")
        document = json.loads(content)
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path.name}: cannot be read ({error})") from error
    except json.JSONDecodeError as error:
        raise EvidenceError(f"{path.name}: not valid JSON, cut short at line {error.lineno}?") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists without end
        raise EvidenceError(f"{path.name}: not the JSON of evidence ({error})") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise EvidenceError(f"{path.name}: schema is {schema!r}, this version reads {SCHEMA!r}")
    try:
        evidence = Evidence.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EvidenceError(f"{path.name}: {where}: {first['msg']}") from error
    if evidence.digest != evidence.computed_digest():
        raise EvidenceError(f"{path.name}: the digest does not match, the file was changed after the run")
    return evidence


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
