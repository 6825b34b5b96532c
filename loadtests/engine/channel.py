"""JSON lines over a socket pair between the controller and the generator; the file descriptor is handed down."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any


class Channel:
    """One end of the channel; its reads end when the other side is gone."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message. Raises OSError when the other side is gone."""
        self._end.sendall(json.dumps(message, allow_nan=False).encode() + b"\n")

    def receive(self, timeout_s: float | None) -> dict[str, Any] | None:
        """The next message, None when the other side is gone.

        Raises:
            TimeoutError: nothing came within ``timeout_s`` seconds.
        """
        self._end.settimeout(timeout_s)
        while b"\n" not in self._rest:
            try:
                more = self._end.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def messages(self) -> Iterator[dict[str, Any]]:
        """Every message until the other side is gone."""
        while (message := self.receive(None)) is not None:
            yield message

    def close(self) -> None:
        """Hang up."""
        self._end.close()
