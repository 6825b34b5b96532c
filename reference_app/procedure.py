"""What is particular to a procedure, as data: one TOML file each in ``procedures/``, named for its identifier."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from reference_app.errors import ReferenceAppError
from reference_app.form import Condition, FormField, Group
from reference_app.pieces.asked import AskedPiece
from reference_app.rights.retention import Retention
from reference_app.sources.described import FACTS, Source
from reference_app.written import Sentence, Sentences, Strict, Words

FOLDER = Path(__file__).parent / "procedures"
Count = Annotated[int, Field(ge=1)]


class ProcedureError(ReferenceAppError):
    """A procedure cannot be used as it is written; the message names the file and the key."""


class Payment(Strict):
    """Of a procedure that pays: the fields that say how much, to whom and where; the account may be left out."""

    amount: Words
    payee: Words
    account: Words


class Filing(Strict):
    """Of a procedure in which dossiers are filed: its form, who may ask, receipt, meaning of silence, appeals."""

    receipt_prefix: Annotated[str, Field(pattern=r"^[A-Z]{2,5}$")]
    fields: Annotated[tuple[FormField, ...], Field(strict=False, min_length=1, max_length=60)]
    title: Annotated[str, Field(description="Name of the field that a dossier is called by in lists.")]
    listed: Annotated[tuple[str, ...], Field(strict=False, description="Fields that the agents' queue shows.")] = ()
    eligibility: Annotated[tuple[Condition, ...], Field(strict=False)] = ()
    pieces: Annotated[tuple[AskedPiece, ...], Field(strict=False, max_length=20)] = ()
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()
    groups: Annotated[tuple[Group, ...], Field(strict=False, description="None: every agent of the organisation.")] = ()
    given_back_days: Annotated[
        int,
        Field(ge=2, le=365, description="Days after which a dossier that an agent left lying goes back to the queue."),
    ] = 14
    payment: Annotated[Payment | None, Field(description="Without it, accepting delivers nothing.")] = None
    have_ready: Sentences
    silence_months: Count
    silence: Literal["rejects", "accepts"]
    silence_source: Words
    appeal_months: Count
    appeals: Sentences

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        names = [field.name for field in self.fields]
        pieces = [piece.name for piece in self.pieces]
        if len(set(names)) < len(names):
            raise ValueError("fields: a name stands twice")
        if len({*names, *pieces}) < len(names) + len(pieces):
            raise ValueError("pieces: a name stands twice, or is that of a field")
        for key, used in (
            ("title", (self.title,)),
            ("listed", self.listed),
            ("eligibility", tuple(condition.field for condition in self.eligibility)),
            ("groups", tuple(group.when.field for group in self.groups if group.when is not None)),
            ("sources", tuple(source.key for source in self.sources if source.key is not None)),
            ("payment", () if self.payment is None else tuple(self.payment.model_dump().values())),
        ):
            if unknown := set(used) - set(names):
                raise ValueError(f"{key}: no field is called {min(unknown)!r}")
        return self

    @model_validator(mode="after")
    def _payment_is_always_known(self) -> Self:
        if self.payment is not None:
            kinds = {field.name: field.kind for field in self.fields if field.required}
            if kinds.get(self.payment.amount) != "amount" or self.payment.payee not in kinds:
                raise ValueError("payment: an amount and a payee are fields that must be filled in")
        return self

    @model_validator(mode="after")
    def _sources_are_asked_once_and_hold_what_is_taken(self) -> Self:
        if len({source.name for source in self.sources}) < len(self.sources):
            raise ValueError("sources: a source stands twice")
        held = {f"{source.name}.{fact}" for source in self.sources for fact in FACTS[source.name]}
        if unknown := {field.origin for field in self.fields if field.origin is not None} - held:
            raise ValueError(f"fields: no source here holds {min(unknown)!r}")
        return self

    @model_validator(mode="after")
    def _every_dossier_has_one_group(self) -> Self:
        if len({group.name for group in self.groups}) < len(self.groups):
            raise ValueError("groups: a name stands twice")
        if self.groups and [group.when is None for group in self.groups] != [False] * (len(self.groups) - 1) + [True]:
            raise ValueError("groups: the last one, and no other, has no rule and gets what is left")
        return self


class Appointments(Strict):
    """Of a procedure for which one comes at an appointed time."""

    days_ahead: Annotated[int, Field(ge=1, le=92, description="How many days ahead of today may be booked.")]
    bring: Sentences


class Procedure(Strict):
    """One procedure: who runs it, and what its parts need to know."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$", description="Name of the file, without .toml.")]
    name: Sentence
    summary: Sentence
    service: Sentence
    contact: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    telephone: Annotated[str | None, Field(pattern=r"^[0-9+][0-9 ]{3,19}$")] = None
    pilot: Annotated[bool, Field(description="Tried out: found by its address only, until it opens to all.")] = False
    filing: Filing | None = None
    appointments: Appointments | None = None
    retention: Retention | None = None

    @model_validator(mode="after")
    def _offers_something(self) -> Self:
        if self.filing is None and self.appointments is None:
            raise ValueError("a procedure has [filing], [appointments] or both")
        if self.filing is not None and self.telephone is None:
            raise ValueError("telephone is missing: a receipt names one (CRPA, art. R112-11-1, 2°)")
        if self.retention is not None:
            self.retention.required(filing=self.filing is not None, appointments=self.appointments is not None)
        return self


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


PROCEDURES = read_all(FOLDER)
BY_APPOINTMENT = {name: found for name, found in PROCEDURES.items() if found.appointments is not None}
FILED = {name: found for name, found in PROCEDURES.items() if found.filing is not None}
OFFERED = {name: found for name, found in FILED.items() if not found.pilot}
NAMESAKE = next(iter((*OFFERED.values(), *PROCEDURES.values())))
"""The procedure whose name and contact stand on every page."""


def filing_of(procedure: Procedure) -> Filing:
    """What ``procedure`` says of filing; one without it is not filed."""
    assert procedure.filing is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    return procedure.filing


def appointments_of(procedure: Procedure) -> Appointments:
    """What ``procedure`` says of appointments; one without them has no slots."""
    assert procedure.appointments is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    return procedure.appointments
