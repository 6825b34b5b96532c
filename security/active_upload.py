"""Bodies without a bound: a file, or a text, far larger than any paper is sent where one is taken."""

from __future__ import annotations

from collections.abc import Callable

from scorecard.journeys.exchange import Reply, Sent
from security.active_attempt import Proof, Weakness

SMALL = b"%PDF-1.4 small"
LARGE_MB = 25
"""Above what papers asked for by public services weigh: Démarches simplifiées takes 20 MB a piece by default."""


def try_upload(make: Callable[[bytes], Sent], send: Callable[[Sent], Reply]) -> tuple[Proof | None, str | None, Reply]:
    """What shows that a body of any size is taken, and why that is not known; both None when it is refused.

    Last, the answer to the large one.

    A large body that ends in silence was refused if a small one is answered afterwards: the connection was cut.
    """
    large = send(make(SMALL + b"\n" * (LARGE_MB * 1024 * 1024)))
    if large.accepted or large.location:
        return Proof(Weakness.UPLOAD, f"a body of {LARGE_MB} MB", f"{large.ended}: it was taken"), None, large
    if large.answered:
        return None, None, large
    after = send(make(SMALL))
    if after.answered:
        return None, None, large
    return None, f"a body of {LARGE_MB} MB was answered {large.ended}, and a small one afterwards {after.ended}", large
