"""A file on its way to the storage: counted, recognised and digested while it passes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

from obstore.store import ObjectStore

from reference_app import storage
from reference_app.errors import N_, FieldError, Invalid
from reference_app.pieces.asked import AskedPiece
from reference_app.pieces.kinds import HEAD_BYTES, Kind, kind_of

PREFIX = "pieces"


class TooLarge(Invalid):
    """A file is larger than its piece may be."""

    status, slug, title = 413, "too-large", N_("This file is too large")


@dataclass(frozen=True)
class Received:
    """A file that is kept whole under the key ``object``."""

    object: str
    kind: Kind
    size: int
    digest: bytes


async def receive(store: ObjectStore, asked: AskedPiece, chunks: AsyncIterator[bytes]) -> Received:
    """Keep what ``chunks`` give under a random key: the file's own name says nothing to the storage.

    Raises:
        Invalid: the file is empty, or none of the kinds asked for, whatever its name says.
        TooLarge: it is larger than asked for; reading stops there.
        Unavailable: the storage is away. In each case nothing is kept.
    """
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    if not head:
        raise refused(asked, N_("This file is empty. Choose another one."))
    kind = kind_of(head[:HEAD_BYTES])
    if kind not in asked.kinds:
        raise refused(
            asked, N_("This file is none of these, whatever its name says: %(kinds)s."), kinds=asked.kind_labels
        )
    assert kind is not None  # nosec B101 (kinds asked for are never None)
    size, digest = 0, hashlib.sha256()

    async def passing() -> AsyncIterator[bytes]:
        nonlocal size
        chunk: bytes | None = head
        while chunk is not None:
            size += len(chunk)
            require_size(asked, size)
            digest.update(chunk)
            yield chunk
            chunk = await anext(chunks, None)

    key = uuid4().hex
    kept = f"{PREFIX}/{key[:2]}/{key}"
    await storage.write(store, kept, passing())
    return Received(kept, kind, size, digest.digest())


def require_size(asked: AskedPiece, size: int) -> None:
    """Refuse a file of ``size`` bytes that is larger than asked for. Raises TooLarge."""
    if size > asked.max_bytes:
        said = N_("This file is larger than %(mb)s MB. Send a smaller one, such as a scan with less detail.")
        raise TooLarge({asked.name: FieldError(said, {"mb": asked.at_most_mb})})


def refused(asked: AskedPiece, said: str, **values: object) -> Invalid:
    """The refusal of a file, said beside its piece."""
    return Invalid({asked.name: FieldError(said, values)})
