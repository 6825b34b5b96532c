"""The family allowance fund: API Particulier v3, ``dss/quotient_familial/france_connect``.

The fund tells it to whoever holds the access token of the person, which lives a minute: it is asked for on the way
back from the identity provider, and only when the person wants it (docs/decisions/0176).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from reference_app.sources.line import Line
from reference_app.sources.said import Facts

SCOPES = "cnaf_quotient_familial cnaf_enfants"
"""What the person is asked to agree to at the identity provider."""


class _Quotient(BaseModel):
    valeur: Annotated[int, Field(ge=0, le=99_999)]


class _Household(BaseModel):
    quotient_familial: _Quotient
    enfants: list[object] = Field(default_factory=list)


class _Answer(BaseModel):
    data: _Household


async def ask(to: Line, *, token: str, recipient: str) -> Facts | None:
    """Family quotient and number of children of the person whose access token ``token`` is; None when unknown there.

    Raises:
        SourceAway: there is no answer.
        ValueError: the answer is none that its documentation describes.
    """
    body = await to.get("/v3/dss/quotient_familial/france_connect", {"recipient": recipient}, token)
    if body is None:
        return None
    found = _Answer.model_validate_json(body).data
    return {"quotient": found.quotient_familial.valeur, "children": len(found.enfants)}
