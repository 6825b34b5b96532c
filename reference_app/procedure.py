"""What is particular to a procedure, as data: one TOML file each in ``procedures/``, named for its identifier."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reference_app.errors import ReferenceAppError

FOLDER = Path(__file__).parent / "procedures"


class ProcedureError(ReferenceAppError):
    """A procedure cannot be used as it is written; the message names the file and the key."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Words = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]


class Sentence(_Strict):
    """A sentence in both languages. Code and pages pass the English, which is its key in the catalogue."""

    en: Words
    fr: Words


Sentences = Annotated[tuple[Sentence, ...], Field(strict=False, min_length=1)]  # TOML gives a list


class Filing(_Strict):
    """Of a procedure in which dossiers are filed: receipt, meaning of silence, appeals."""

    receipt_prefix: Annotated[str, Field(pattern=r"^[A-Z]{2,5}$")]
    amount_max: Count
    silence_months: Count
    silence: Literal["rejects", "accepts"]
    silence_source: Words
    appeal_months: Count
    appeals: Sentences


class Appointments(_Strict):
    """Of a procedure for which one comes at an appointed time."""

    days_ahead: Annotated[int, Field(ge=1, le=92, description="How many days ahead of today may be booked.")]
    bring: Sentences


class Procedure(_Strict):
    """One procedure: who runs it, and what its parts need to know."""

    id: str
    name: Sentence
    summary: Sentence
    service: Sentence
    contact: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    filing: Filing | None = None
    appointments: Appointments | None = None


def read(path: Path) -> Procedure:
    """The procedure written in ``path``.

    Raises:
        ProcedureError: it is no TOML, or a key is missing, unknown or wrong.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        return Procedure.model_validate({**written, "id": path.stem})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProcedureError(f"{path.name}: {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise ProcedureError(f"{path.name}: {key}: {problem['msg'].lower()}") from error


def read_all(folder: Path) -> Mapping[str, Procedure]:
    """Every procedure of ``folder`` by its identifier, in the order of the names of their files."""
    return {path.stem: read(path) for path in sorted(folder.glob("*.toml"))}


def sentences(model: BaseModel) -> Iterator[Sentence]:
    """Every sentence in ``model``, for the catalogues."""
    for _, value in model:
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Sentence):
                yield part
            elif isinstance(part, BaseModel):
                yield from sentences(part)


PROCEDURES = read_all(FOLDER)
BY_APPOINTMENT = {name: found for name, found in PROCEDURES.items() if found.appointments is not None}
EMERGENCY_AID = PROCEDURES["emergency-aid"]


def filing_of(procedure: Procedure) -> Filing:
    """What ``procedure`` says of filing; one without it is not filed."""
    assert procedure.filing is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    return procedure.filing


def appointments_of(procedure: Procedure) -> Appointments:
    """What ``procedure`` says of appointments; one without them has no slots."""
    assert procedure.appointments is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    return procedure.appointments


AID_FILING = filing_of(EMERGENCY_AID)
"""Dossiers are those of emergency aid: their form is code."""
