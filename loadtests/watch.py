"""Something looked at again and again beside the work that goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def watching(look: Callable[[], None], every_s: float) -> Iterator[None]:
    """Call ``look`` about every ``every_s`` seconds in a thread of its own until the block ends, and once at its end.

    An exception of ``look`` ends the watch and is raised at the end of the block, unless that ends with another.
    """
    stop = threading.Event()
    failures: list[Exception] = []

    def run() -> None:
        try:
            while not stop.wait(every_s):
                look()
        except Exception as error:  # raised where somebody can hear it
            failures.append(error)

    thread = threading.Thread(target=run, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]
    look()
