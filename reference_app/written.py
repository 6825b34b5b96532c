"""What stands in the file of a procedure: checked strictly, every sentence in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """A table of the file: an unknown key or a value of another kind is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Words = Annotated[str, Field(min_length=1)]


class Sentence(Strict):
    """A sentence in both languages. Code and pages pass the English, which is its key in the catalogue."""

    en: Words
    fr: Words


Sentences = Annotated[tuple[Sentence, ...], Field(strict=False, min_length=1)]  # TOML gives a list


def sentences(model: BaseModel) -> Iterator[Sentence]:
    """Every sentence in ``model``, for the catalogues."""
    for _, value in model:
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Sentence):
                yield part
            elif isinstance(part, BaseModel):
                yield from sentences(part)
