"""The kinds of files that a piece may be, told from what is in them: a name or a header says what the sender likes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import puremagic

Kind = Literal["pdf", "jpeg", "png"]

HEAD_BYTES = 1024
"""How much of a file says what it is."""


@dataclass(frozen=True)
class Form:
    """How files of one kind are named and declared."""

    label: str
    media_type: str
    extensions: tuple[str, ...]


FORMS: Mapping[Kind, Form] = {
    "pdf": Form("PDF", "application/pdf", (".pdf",)),
    "jpeg": Form("JPEG", "image/jpeg", (".jpg", ".jpeg")),
    "png": Form("PNG", "image/png", (".png",)),
}


def kind_of(head: bytes) -> Kind | None:
    """What a file that begins with ``head`` is; None for what is none of the kinds, or could be something else."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    surest = max(match.confidence for match in found)
    for kind, form in FORMS.items():
        if any(match.mime_type == form.media_type and match.confidence == surest for match in found):
            return kind
    return None
