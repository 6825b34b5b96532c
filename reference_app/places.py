"""Work that takes long is done for so many at a time, so that everybody else is served meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reference_app.errors import N_, Unavailable

FULL = N_("Others are being served with the same. Try again in a few seconds.")


class Places:
    """At most ``most`` at once in this process; whoever comes when all are taken is asked to come back."""

    def __init__(self, most: int) -> None:
        self._free = most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a place until the block ends. Raises Unavailable when there is none."""
        if self._free == 0:
            raise Unavailable(FULL)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
