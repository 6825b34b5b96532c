"""A host that is nobody's, and whether an answer leads a browser there."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from scorecard.journeys.exchange import Reply

ELSEWHERE = "portance.invalid"
"""A host that exists nowhere (RFC 6761, 6.4): no redirect to it is followed."""


def leads_elsewhere(reply: Reply) -> bool:
    """Whether ``reply`` sends a browser to :data:`ELSEWHERE`; browsers read a backslash as a slash."""
    target = reply.headers.get("location", reply.headers.get("refresh", "").partition("url=")[2])
    if reply.status is None or not target:
        return False
    try:
        found = urlsplit(urljoin("http://service.invalid/", target.strip().replace("\\", "/")))
    except ValueError:
        return False
    return found.hostname == ELSEWHERE
