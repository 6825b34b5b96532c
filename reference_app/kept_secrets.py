"""Secrets that ``up`` makes for itself: kept beside its data, so that what was signed with them can be read later."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from reference_app.errors import ReferenceAppError
from reference_app.settings import PREFIX

MADE = ("SESSION_SECRET", "WEBHOOK_KEY")
"""Settings that sign sessions, codes and links of mails, and that the secrets of webhooks are derived from."""
_BYTES = 32


class KeptSecretsError(ReferenceAppError):
    """The folder of the secrets cannot be used."""


def made(folder: Path | None, given: Mapping[str, str]) -> dict[str, str]:
    """Variables for what ``given`` does not set: read in ``folder``, and made there the first time.

    Each is a file that its owner alone may read, written whole or not at all. Without a folder they are made anew each
    time: where the data go away too, or live in a database of somebody else's, who then sets them.

    Raises:
        KeptSecretsError: the folder cannot be read or written.
    """
    wanted = [name for name in MADE if f"{PREFIX}{name}" not in given]
    if folder is None:
        return {f"{PREFIX}{name}": secrets.token_urlsafe(_BYTES) for name in wanted}
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return {f"{PREFIX}{name}": _kept(folder / name.lower()) for name in wanted}
    except OSError as error:
        raise KeptSecretsError(f"{folder}: cannot be used for secrets ({error.strerror})") from error


def _kept(path: Path) -> str:
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)  # of a start that was cut short
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    return path.read_text(encoding="ascii")
