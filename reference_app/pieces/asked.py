"""What a procedure asks to be sent with a dossier, as its file says it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from reference_app.form import RESERVED
from reference_app.pieces.kinds import FORMS, Kind
from reference_app.written import Sentence, Strict


class AskedPiece(Strict):
    """One piece: ``at_most`` files of ``kinds``, each of ``at_most_mb`` million bytes at most."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Sentence
    hint: Sentence | None = None
    required: bool = True
    kinds: Annotated[tuple[Kind, ...], Field(strict=False, min_length=1)]
    at_most_mb: Annotated[int, Field(ge=1, le=200)]
    at_most: Annotated[int, Field(ge=1, le=20)] = 1

    @model_validator(mode="after")
    def _is_no_word_of_ours(self) -> Self:
        if self.name in RESERVED:
            raise ValueError(f"{self.name!r} is used by every form")
        return self

    @property
    def max_bytes(self) -> int:
        """The largest file that is taken."""
        return self.at_most_mb * 1_000_000

    @property
    def accept(self) -> str:
        """The kinds as a browser's file chooser takes them."""
        return ",".join(FORMS[kind].media_type for kind in self.kinds)

    @property
    def kind_labels(self) -> str:
        """The kinds as people read them, the same in every language."""
        return ", ".join(FORMS[kind].label for kind in self.kinds)
