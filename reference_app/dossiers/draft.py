"""What a person types: checked field by field, kept as typed otherwise. A draft may be incomplete, not wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from reference_app.dossiers.identifiers import is_iban, is_siret
from reference_app.errors import N_, FieldError, Invalid
from reference_app.procedure import AID_FILING

REQUIRED = ("siret", "company_name", "contact_email", "need", "amount")
"""Fields that must be there to file."""

SENTENCES: Mapping[str, str] = {
    "missing": N_("Fill in this field."),
    "siret": N_("A SIRET number has 14 digits, and one of these is wrong. Example: 732 829 320 00074."),
    "iban": N_("One character of this IBAN is wrong or missing. Example: FR76 3000 6000 0112 3456 7890 189."),
    "email": N_("Write an address such as name@example.fr."),
    "characters": N_("This text holds characters that cannot be kept. Type it again without them."),
    "string_unicode": N_("This text holds characters that cannot be kept. Type it again without them."),
    "string_too_long": N_("Write at most %(max_length)s characters."),
    "string_too_short": N_("Fill in this field."),
    "uuid_parsing": N_("Choose one of the answers offered."),
    "literal_error": N_("Choose one of the answers offered."),
    "string_type": N_("Write text here."),
    "int_parsing": N_("Write a whole number of euros, with digits only. Example: 5000."),
    "int_type": N_("Write a whole number of euros, with digits only. Example: 5000."),
    "int_from_float": N_("Write a whole number of euros, with digits only. Example: 5000."),
    "int_parsing_size": N_("Write a whole number of euros, with digits only. Example: 5000."),
    "greater_than_equal": N_("The amount is at least %(ge)s euros."),
    "less_than_equal": N_("The amount is at most %(le)s euros."),
    "whole_number": N_("Write a whole number from %(low)s to %(high)s."),
    "date_from_datetime_parsing": N_("Write a date such as 2026-12-01."),
    "time_parsing": N_("Write a time such as 09:30."),
    "before_the_beginning": N_("The end comes after the beginning, by one appointment at least."),
    "extra_forbidden": N_("This field does not exist here."),
}
"""A sentence for each kind of error; the kinds are pydantic's own or raised below."""

_OTHERWISE = N_("This value cannot be used here.")


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _kept(value: str) -> str:
    """The text in composed form; control characters, which PostgreSQL (NUL) or people cannot read, are refused."""
    if any(unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in value):
        raise PydanticCustomError("characters", "control characters")
    return unicodedata.normalize("NFC", value.strip())


def _line(value: str) -> str:
    return " ".join(_kept(value).split())


def _compact(value: object) -> object:
    """Without the spaces people put in long numbers, whatever kind of space."""
    return re.sub(r"\s", "", value) if isinstance(value, str) else value


def _checked_siret(value: str) -> str:
    if not is_siret(value):
        raise PydanticCustomError("siret", "not a SIRET number")
    return value


def _checked_iban(value: str) -> str:
    capitals = value.upper()
    if not is_iban(capitals):
        raise PydanticCustomError("iban", "not an IBAN")
    return capitals


def _checked_email(value: str) -> str:
    if re.fullmatch(r"[^@\s\x00-\x1f]{1,64}@[^@\s.\x00-\x1f]+(\.[^@\s.\x00-\x1f]+)+", value) is None:
        raise PydanticCustomError("email", "not an e-mail address")
    return value


Optional = BeforeValidator(_blank_is_none)
Siret = Annotated[str, BeforeValidator(_compact), AfterValidator(_checked_siret)]
Iban = Annotated[str, BeforeValidator(_compact), AfterValidator(_checked_iban)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_line), AfterValidator(_checked_email)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_line)]
Prose = Annotated[str, Field(max_length=4000), AfterValidator(_kept)]
Amount = Annotated[int, BeforeValidator(_compact), Field(ge=1, le=AID_FILING.amount_max)]


class Draft(BaseModel):
    """Content of a dossier before it is filed; any field may still be empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": {
        "siret": "73282932000074", "company_name": "Boulangerie du Port", "contact_email": "contact@example.fr",
        "need": "Closed for three weeks after the flood of 4 November.", "amount": 5000, "iban": None,
    }})  # fmt: skip

    siret: Annotated[Siret | None, Optional] = Field(default=None, description="SIRET number of the establishment.")
    company_name: Annotated[Line | None, Optional] = Field(default=None, description="Name of the business.")
    contact_email: Annotated[Email | None, Optional] = Field(default=None, description="Where news of it is sent.")
    need: Annotated[Prose | None, Optional] = Field(default=None, description="What happened and what is needed.")
    amount: Annotated[Amount | None, Optional] = Field(default=None, description="Amount asked for, in whole euros.")
    iban: Annotated[Iban | None, Optional] = Field(default=None, description="Account to pay to; may come later.")


def from_form(typed: Mapping[str, str]) -> Draft:
    """The draft that a form holds.

    Raises:
        Invalid: naming every field that is wrong.
    """
    try:
        return Draft.model_validate({name: typed[name] for name in Draft.model_fields if name in typed})
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def require_complete(draft: Draft) -> None:
    """Refuse a draft that lacks a field needed to file. Raises Invalid naming each."""
    empty = [name for name in REQUIRED if getattr(draft, name) is None]
    if empty:
        raise Invalid({name: FieldError(SENTENCES["missing"]) for name in empty})


def field_errors(errors: Any) -> dict[str, FieldError]:
    """Pydantic's errors as sentences for people, by field; the first error of a field is the one shown."""
    found: dict[str, FieldError] = {}
    for error in errors:
        names = [part for part in error["loc"] if isinstance(part, str) and part != "body"]
        found.setdefault(
            names[0] if names else "",
            FieldError(SENTENCES.get(error["type"], _OTHERWISE), error.get("ctx", {})),
        )
    return found
