"""Run a command that cannot outlive its parent: ``python tether.py COMMAND [ARG ...]``.

A finally clause covers Ctrl-C and failures but not SIGKILL of the parent; the kernel's parent-death signal does. It is
set here, in a process of its own that becomes the command, because running Python between fork and exec in a process
with threads is unsafe. Linux only; elsewhere the command simply runs.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 (no shell is the point)
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error.strerror}")


if __name__ == "__main__":
    main()
