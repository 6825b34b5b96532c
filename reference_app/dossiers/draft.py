"""What a person types: checked field by field, kept as typed otherwise. A draft may be incomplete, not wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal, assert_never

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic.config import JsonDict
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from reference_app.dossiers.identifiers import is_iban, is_siret
from reference_app.errors import N_, FieldError, Invalid
from reference_app.form import FormField
from reference_app.procedure import FILED, Filing, Procedure, filing_of

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
    """The text in composed form; control characters, which PostgreSQL (NUL) or people cannot read, are refused.

    So is U+FFFD, which stands for bytes that were no text: what they meant is lost already.
    """
    if any((unicodedata.category(c) == "Cc" and c not in "\n\r\t") or c == "\ufffd" for c in value):
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


Answers = Mapping[str, Any]
"""What is kept of a form: its fields that were filled in, by name, as JSON values."""


def answers_of(draft: BaseModel) -> Answers:
    """What to keep of a checked draft."""
    return draft.model_dump(mode="json", exclude_none=True)


def from_form(procedure: Procedure, typed: Mapping[str, str]) -> BaseModel:
    """The draft that a page's form holds.

    Raises:
        Invalid: naming every field that is wrong.
    """
    form = FORMS[procedure.id]
    try:
        return form.model_validate({name: typed[name] for name in form.model_fields if name in typed})
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def fits(procedure: str, name: str, value: str | int) -> bool:
    """Whether ``value`` may stand in the field ``name``: what others say of a person is checked like what they type."""
    try:
        FORMS[procedure].model_validate({name: value})
    except ValidationError:
        return False
    return True


def require_complete(filing: Filing, answers: Answers) -> None:
    """Refuse answers that lack a field needed to file, or of somebody the procedure is not for. Raises Invalid."""
    if wrong := incomplete(filing, answers):
        raise Invalid(wrong)


def incomplete(filing: Filing, answers: Answers) -> dict[str, FieldError]:
    """What is said beside each field that is needed to file and empty, or says the procedure is not for such a one."""
    wrong = {f.name: FieldError(SENTENCES["missing"]) for f in filing.fields if f.required and f.name not in answers}
    for condition in filing.eligibility:
        if condition.field in answers and not condition.met(answers[condition.field]):
            wrong.setdefault(condition.field, FieldError(condition.otherwise.en))
    return wrong


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


def _checked(field: FormField) -> Any:
    """The type of what people write in ``field``."""
    match field.kind:
        case "siret":
            return Siret
        case "iban":
            return Iban
        case "email":
            return Email
        case "line":
            return Line
        case "text":
            return Prose
        case "amount":
            return Annotated[int, BeforeValidator(_compact), Field(ge=field.at_least, le=field.at_most)]
        case "choice":
            return Literal[tuple(choice.value for choice in field.choices)]
        case _:
            assert_never(field.kind)


def _form(procedure: Procedure) -> type[BaseModel]:
    """The draft of ``procedure`` as a model: any field may be empty, none may be wrong."""
    fields = filing_of(procedure).fields
    name = "".join(word.capitalize() for word in procedure.id.split("-")) + "Draft"
    example: JsonDict = {field.name: field.example for field in fields if field.example is not None}
    typed: dict[str, Any] = {
        field.name: (
            Annotated[_checked(field) | None, Optional],
            Field(default=None, description=field.label.en),
        )
        for field in fields
    }
    config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": example})
    return create_model(
        name,
        __config__=config,
        __doc__="Content of a dossier before it is filed; any field may still be empty.",
        **typed,
    )


FORMS: Mapping[str, type[BaseModel]] = {name: _form(procedure) for name, procedure in FILED.items()}
"""By the identifier of their procedure."""
