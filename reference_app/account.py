"""The account that PostgreSQL runs as: this user's, or ``nobody``'s when this is root, as which it does not run."""

from __future__ import annotations

import os
import pwd
import subprocess  # nosec B404 (own programs only, never a shell)
from pathlib import Path
from typing import TypedDict

from reference_app import stopping
from reference_app.errors import ReferenceAppError

ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


class AccountError(ReferenceAppError):
    """There is no account that PostgreSQL would run as."""


class Account(TypedDict, total=False):
    """Whom PostgreSQL runs as, in the words of ``subprocess``: nothing when this process is not root."""

    user: int
    group: int
    extra_groups: list[int]


def unprivileged() -> Account:
    """The account to run as.

    Raises:
        AccountError: this is root, and there is no account ``nobody``.
    """
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise AccountError("PostgreSQL does not run as root, and there is no account 'nobody' to run it as") from error
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def give_to(path: Path, account: Account) -> None:
    """Make ``path`` the account's own."""
    if "user" in account:
        os.chown(path, account["user"], account["group"])


def may_write(folder: Path, account: Account) -> bool:
    """Whether the account reaches ``folder`` and may write there; asked of the kernel, as that user."""
    return run_as(["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(folder)], account).returncode == 0


def who(account: Account) -> str:
    """The account in the words of a message."""
    return "the account nobody, since it does not run as root" if account else "this user"


def run_as(command: list[str], account: Account, timeout_s: float = 10.0) -> subprocess.CompletedProcess[str]:
    """Run an own program to its end as the account.

    A stop is held until then: the program ends by itself, and may write into a folder that a stop would remove.
    """
    with stopping.held():
        return subprocess.run(  # nosec B603 (own program, a list of arguments, none of a user)
            command,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd="/",
            env=ENVIRONMENT,
            check=False,
            **account,
        )
