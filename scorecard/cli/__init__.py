"""The ``portance`` command: the only place where exceptions become one clear line and an exit code."""

from __future__ import annotations

import os
import sys

from scorecard import interruption
from scorecard.cli.app import app
from scorecard.cli.errors import CommandError
from scorecard.cli.language import LANG, t
from scorecard.criteria import CatalogueError
from scorecard.evidence import EvidenceError
from scorecard.interruption import Interrupted
from scorecard.project import ProjectError

NOT_JUDGED = 2
"""Exit code when nothing could be judged or the command was used wrongly."""


def main() -> None:
    """Run the command line: exit code 0 met, 1 not met, 2 could not judge or was used wrongly."""
    interruption.on_signals()
    try:
        app()
    except CommandError as error:
        _fail(error.text.in_(LANG))
    except (ProjectError, CatalogueError, EvidenceError) as error:
        _fail(str(error))
    except Interrupted as stop:
        where = t(f"; what was observed is kept in {stop.kept}", f" ; ce qui a été observé est dans {stop.kept}")
        _fail(t("interrupted", "interrompu") + (where if stop.kept is not None else ""))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NOT_JUDGED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}")
    except Exception as error:
        if "PORTANCE_DEBUG" in os.environ:
            raise
        _fail(
            t(
                f"unexpected {type(error).__name__}: {error} (a defect of Portance; PORTANCE_DEBUG=1 shows where)",
                f"{type(error).__name__} inattendue : {error} (défaut de Portance ; PORTANCE_DEBUG=1 montre où)",
            )
        )


def _fail(line: str) -> None:
    sys.stderr.write("portance: " + " ".join(line.split()) + "\n")
    sys.exit(NOT_JUDGED)
