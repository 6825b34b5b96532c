"""Running the stand-in of a data service as a process."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from reference_app.errors import ReferenceAppError
from reference_app.listening import listen
from reference_app.server import run
from reference_app.stand_ins.data_knobs import Knobs


def parser(module: str, port: int, description: str | None) -> argparse.ArgumentParser:
    """The arguments that every one takes."""
    made = argparse.ArgumentParser(prog=f"python -m reference_app.stand_ins.{module}", description=description)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=port)
    made.add_argument("--fd", type=int, help="a listening socket given by the parent, instead of host and port")
    made.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    made.add_argument("--knobs", default="{}", metavar="JSON", help="how it behaves at first; later PUT /knobs")
    return made


def serve(options: argparse.Namespace, make: Callable[[Knobs], Any]) -> int:
    """Serve what ``make`` gives until SIGTERM or SIGINT. Returns the exit code."""
    try:
        knobs = Knobs.model_validate_json(options.knobs)
        taken = socket.socket(fileno=options.fd) if options.fd is not None else listen(options.host, options.port)
    except ValidationError as error:
        sys.stderr.write(f"--knobs: {error.errors()[0]['msg']}\n")
        return 2
    except (ReferenceAppError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return run(make(knobs), taken, options.ready_fd)
