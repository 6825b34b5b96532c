"""Listening sockets, taken before anything else starts: a port in use is said at once, in one line."""

from __future__ import annotations

import errno
import socket

from reference_app.errors import ReferenceAppError

BACKLOG = 2048


class PortError(ReferenceAppError):
    """The address cannot be listened on."""


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one.

    Raises:
        PortError: the port is in use, or the host is none of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortError(f"port {port} of {host} is in use; choose another with --port") from error
        raise PortError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    except OverflowError as error:
        raise PortError(f"{port} is no port: it must be 0 to 65535") from error
    return taken


def port_of(taken: socket.socket) -> int:
    """The port a socket listens on."""
    return int(taken.getsockname()[1])
