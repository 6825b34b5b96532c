"""The OpenAPI document that a service gives."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx


def document_of(inhabited: Any) -> dict[str, Any]:
    """The document, asked for once."""
    return _document(inhabited.url)


@cache
def _document(url: str) -> dict[str, Any]:
    found = httpx.get(f"{url}/openapi.json", timeout=30).raise_for_status().json()
    assert isinstance(found, dict)
    return found
