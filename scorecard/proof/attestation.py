"""In-toto statements as JSON: written the same way each time, and read only when the framework takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from in_toto_attestation.v1.statement import Statement  # type: ignore[import-untyped]  # ships no types
from in_toto_attestation.v1.statement_pb2 import Statement as Message  # type: ignore[import-untyped]  # the same

from scorecard.proof import ProofError

TYPE = "https://in-toto.io/Statement/v1"
MEDIA_TYPE = "application/vnd.in-toto+json"

Json = dict[str, Any]


def written(subjects: Mapping[str, str], predicate_type: str, predicate: Json) -> bytes:
    """A statement on ``subjects`` (names and SHA-256) as bytes; the same content gives the same bytes."""
    document = {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(subjects.items())],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    _check(document)
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def read(content: bytes, predicate_type: str) -> Json:
    """The statement in ``content``.

    Raises:
        ProofError: it is no in-toto statement, or of another kind.
    """
    try:
        document = json.loads(content)
        if not isinstance(document, dict):
            raise TypeError("not an object")
        _check(document)
    except (ValueError, TypeError, RecursionError, ParseError) as error:
        raise ProofError(f"not an in-toto statement: {' '.join(str(error).split())[:200]}") from error
    if document["predicateType"] != predicate_type:
        raise ProofError(f"predicate is {document['predicateType']!r}, not {predicate_type!r}")
    return document


def subjects(document: Json) -> dict[str, str]:
    """Names and SHA-256 of what a statement is about; an entry without either says nothing and is left out."""
    named = ((entry.get("name", ""), entry.get("digest", {}).get("sha256", "")) for entry in document["subject"])
    return {name: digest for name, digest in named if name}


def _check(document: Json) -> None:
    """Raises ParseError or ValueError where the framework refuses it."""
    Statement.copy_from_pb(ParseDict(document, Message())).validate()
