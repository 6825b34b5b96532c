"""``python -m reference_app.identity_provider``: run the stand-in as a process of its own."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from urllib.parse import urlsplit

from reference_app.errors import ReferenceAppError
from reference_app.identity_provider.app import create_app
from reference_app.identity_provider.contract import SECRET_VARIABLE, Client
from reference_app.listening import listen
from reference_app.server import run


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m reference_app.identity_provider", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--fd", type=int, help="a listening socket given by the parent, instead of host and port")
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--issuer", help="citizens' issuer as browsers reach it, ending in /api/v2")
    parser.add_argument("--service-url", required=True, help="address of the service that signs people in")
    parser.add_argument("--client-id", default="portance-reference")
    parser.add_argument("--acr", default="eidas1", help="level of assurance that is granted")
    options = parser.parse_args(arguments)
    try:
        secret = os.environ.get(SECRET_VARIABLE, "")
        if not secret:
            raise ReferenceAppError(f"{SECRET_VARIABLE} is not set")
        issuer = options.issuer if options.issuer is not None else f"http://{options.host}:{options.port}/api/v2"
        if not issuer.endswith("/api/v2"):
            raise ReferenceAppError("--issuer must end in /api/v2")
        taken = socket.socket(fileno=options.fd) if options.fd is not None else listen(options.host, options.port)
    except (ReferenceAppError, OSError) as error:
        sys.stderr.write(f"identity provider: {error}\n")
        return 2
    parts = urlsplit(issuer)
    app = create_app(
        f"{parts.scheme}://{parts.netloc}",
        _client(options.client_id, secret, options.service_url),
        acr=options.acr,
    )
    return run(app, taken, options.ready_fd)


def _client(client_id: str, secret: str, service_url: str) -> Client:
    service = service_url.rstrip("/")
    return Client(
        id=client_id,
        secret=secret,
        redirect_uris=frozenset(f"{service}/sign-in/{who}/callback" for who in ("business", "agent")),
        logout_uris=frozenset({f"{service}/signed-out"}),
    )


if __name__ == "__main__":
    sys.exit(main())
