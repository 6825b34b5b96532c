"""The form of a procedure, as its file describes it: fields of known kinds, and who may ask."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reference_app.written import Sentence, Strict, Words

Kind = Literal["siret", "iban", "email", "line", "text", "amount", "choice"]
"""What a field holds: numbers with a check, an address, a line or a text, whole euros, one of a few answers."""

LONGEST_LINE, LONGEST_TEXT = 1_000, 12_000
"""Characters that a browser lets into a field. More than is kept, so that what is too long is said and not cut off; few
enough that no form of a page outgrows what the service reads (:class:`reference_app.protection.BodyLimit`)."""

RESERVED = frozenset({"token", "key", "procedure", "id", "state", "body", "version", "find"})
"""Names that forms and answers use themselves; "body" is what FastAPI calls the place of an error."""


class Choice(Strict):
    """One answer that a field offers."""

    value: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Sentence


class FormField(Strict):
    """One field. ``at_least`` and ``at_most`` are euros; ``example`` is what the API's document shows.

    ``from`` is the fact of a source that fills it in, as in ``business_register.name``.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    kind: Kind
    label: Sentence
    hint: Sentence | None = None
    required: bool = True
    autocomplete: Annotated[str, Field(pattern=r"^[a-z-]+$")] | None = None
    example: str | int | None = None
    at_least: int | None = None
    at_most: int | None = None
    choices: Annotated[tuple[Choice, ...], Field(strict=False)] = ()
    origin: Annotated[str | None, Field(alias="from", pattern=r"^[a-z_]+\.[a-z_]+$")] = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.name in RESERVED:
            raise ValueError(f"{self.name!r} is used by every form")
        if (self.kind == "choice") != (len(self.choices) >= 2):
            raise ValueError("a choice, and nothing else, offers two answers or more")
        if (self.kind == "amount") != (self.at_least is not None and self.at_most is not None):
            raise ValueError("an amount, and nothing else, has at_least and at_most")
        return self


class Rule(Strict):
    """What the answer of a field is compared with; a number is compared, a word is looked for."""

    field: Words
    one_of: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = None
    at_least: int | None = None
    at_most: int | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.one_of is None and self.at_least is None and self.at_most is None:
            raise ValueError("a condition has one_of, at_least or at_most")
        return self

    def met(self, value: str | int) -> bool:
        """Whether ``value`` meets it."""
        if self.one_of is not None:
            return value in self.one_of
        return isinstance(value, int) and not (
            (self.at_least is not None and value < self.at_least) or (self.at_most is not None and value > self.at_most)
        )


class Condition(Rule):
    """What an answer must be for the request to be filed, and what is said otherwise."""

    otherwise: Sentence


class Group(Strict):
    """A group of agents, and which dossiers it gets; the one without a rule gets all others."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    label: Sentence
    when: Rule | None = None
