"""``python -m reference_app.stand_ins.finance``: run the old finance system as a process of its own."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

from pydantic import ValidationError

from reference_app.errors import ReferenceAppError
from reference_app.listening import listen
from reference_app.server import run
from reference_app.stand_ins.finance_app import create_app
from reference_app.stand_ins.finance_books import Books
from reference_app.stand_ins.finance_knobs import Knobs


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m reference_app.stand_ins.finance", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8004)
    parser.add_argument("--fd", type=int, help="a listening socket given by the parent, instead of host and port")
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help="file that keeps the books; without it they go with the process")
    parser.add_argument("--knobs", default="{}", metavar="JSON", help="how it behaves at first; later PUT /knobs")
    options = parser.parse_args(arguments)
    try:
        knobs = Knobs.model_validate_json(options.knobs)
        taken = socket.socket(fileno=options.fd) if options.fd is not None else listen(options.host, options.port)
        books = Books(options.journal)
    except ValidationError as error:
        sys.stderr.write(f"finance: --knobs: {error.errors()[0]['msg']}\n")
        return 2
    except (ReferenceAppError, OSError) as error:
        sys.stderr.write(f"finance: {error}\n")
        return 2
    return run(create_app(books, knobs), taken, options.ready_fd)


if __name__ == "__main__":
    sys.exit(main())
