"""Where a value leads the service or its visitor: to a file, to another server, to another site."""

from __future__ import annotations

import re

from security.active_attempt import Attempt, Proof, Weakness
from security.redirects import ELSEWHERE, leads_elsewhere

_PASSWD = re.compile(r"\broot:[^:\n]{0,120}:0:0:")
"""First line of /etc/passwd (passwd(5)): every Unix has it, everybody may read it, it holds nothing secret."""
_UP = "../" * 12


def try_traversal(attempt: Attempt) -> Proof | None:
    """What shows that a value names a file outside of its folder, None when nothing does."""
    values = [f"{_UP}etc/passwd", "/etc/passwd", "....//" * 12 + "etc/passwd", "file:///etc/passwd"]
    for value in values[: 1 if attempt.guarded else None]:
        reply = attempt.send(value)
        if _PASSWD.search(reply.text):
            return Proof(Weakness.TRAVERSAL, value, f"{reply.ended} with the first line of /etc/passwd")
    return None


def try_ssrf(attempt: Attempt) -> Proof | None:
    """What shows that a value makes the service ask another server, None when nothing does."""
    token = f"{attempt.token}s"
    reply = attempt.send(attempt.call(token))
    if attempt.called(token):
        return Proof(Weakness.SSRF, "the address of a listener of this run", f"a request to it (answer {reply.ended})")
    return None


def try_redirect(attempt: Attempt) -> Proof | None:
    """What shows that a value sends a visitor to another site, None when nothing does."""
    for value in (f"https://{ELSEWHERE}/", f"//{ELSEWHERE}/", f"/\\{ELSEWHERE}/"):
        reply = attempt.send(value)
        if leads_elsewhere(reply):
            return Proof(Weakness.REDIRECT, value, f"{reply.ended} with a redirect to that site")
    return None
