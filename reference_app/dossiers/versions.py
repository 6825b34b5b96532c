"""Versions of a dossier: a tab that was left open does not overwrite what was written since (docs/decisions/0177)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Header
from starlette.responses import Response

from reference_app.dossiers.dossier import Dossier
from reference_app.errors import N_, FieldError, Invalid

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^"[0-9T:.+-]{20,40}"$',
        description="ETag of what is to be replaced; without it, whatever is there is.",
    ),
]
_NOT_OURS = N_("This is none of the versions given here.")


def tag(response: Response, dossier: Dossier) -> None:
    """Have ``response`` say which version of ``dossier`` it is about."""
    response.headers["ETag"] = f'"{dossier.version}"'


def parsed(text: str | None, field: str = "If-Match") -> datetime | None:
    """The version that ``text`` names, quoted or not; None for none. Raises Invalid for what was never given."""
    if text is None or text == "":
        return None
    try:
        version = datetime.fromisoformat(text.strip('"'))
    except ValueError:
        raise Invalid({field: FieldError(_NOT_OURS)}) from None
    if version.tzinfo is None:
        raise Invalid({field: FieldError(_NOT_OURS)})
    return version
