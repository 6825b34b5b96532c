"""What the API says of a piece."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from reference_app.pieces.kinds import Kind
from reference_app.pieces.piece import Piece, State


class PieceOut(BaseModel):
    """A file sent with a dossier."""

    id: UUID
    name: str = Field(description="What it was asked for, as the procedure names it.", examples=["proof_of_loss"])
    filename: str = Field(description="Its name where it came from.", examples=["facade.jpg"])
    kind: Kind = Field(description="What it is, told from its content.")
    size: int = Field(description="In bytes.")
    sha256: str = Field(description="Digest of its content, in hexadecimal digits.")
    state: State = Field(description="What is known of viruses in it; of `infectee` only this line is kept.")
    sent_at: datetime

    @classmethod
    def of(cls, piece: Piece) -> Self:
        """From a row."""
        same = (name for name in cls.model_fields if name != "sha256")
        return cls(**{name: getattr(piece, name) for name in same}, sha256=piece.digest.hex())
