"""What is sent is carried out: by a shell, by the language, by a template engine. Each is asked for a sum."""

from __future__ import annotations

from security.active_attempt import Attempt, Proof, Weakness

_LEFT, _RIGHT = 191, 7
SUM = str(_LEFT * _RIGHT)
"""Asked for by its factors: it stands in an answer only if somebody multiplied."""


def try_execution(attempt: Attempt) -> Proof | None:
    """What shows that a value is carried out, None when nothing does."""
    for weakness, value in _values(attempt):
        reply = attempt.send(value)
        if attempt.token + SUM in reply.text:
            return Proof(weakness, value, f"{reply.ended} with the product: it was computed")
        if attempt.called(f"{attempt.token}c"):
            return Proof(weakness, value, "a request to an address that only the command names")
    return None


def _values(attempt: Attempt) -> list[tuple[Weakness, str]]:
    value, token = attempt.point.value, attempt.token
    echo = f"echo {token}$(({_LEFT}*{_RIGHT}))"
    commands = [f"{value};{echo};#", f"';{echo};'", f'";{echo};"', f"{value}|{echo}", f"$({echo})"]
    templates = [f"{token}{{{{{_LEFT}*{_RIGHT}}}}}", f"{token}${{{_LEFT}*{_RIGHT}}}", f"{token}<%={_LEFT}*{_RIGHT}%>"]
    code = [f"'{token}'+str({_LEFT}*{_RIGHT})", f"'+'{token}'+str({_LEFT}*{_RIGHT})+'"]
    if attempt.guarded or (attempt.absent and not attempt.thorough):
        return [(Weakness.COMMAND, commands[0]), (Weakness.TEMPLATE, value + templates[0])]
    return [
        *((Weakness.COMMAND, one) for one in (*commands, _call(attempt))),
        *((Weakness.TEMPLATE, one) for one in templates[: None if attempt.thorough else 2]),
        *((Weakness.CODE, one) for one in code),
    ]


def _call(attempt: Attempt) -> str:
    """A command whose output nobody shows: it calls, with whatever program there is."""
    url = attempt.call(f"{attempt.token}c")
    python = f"python3 -c \"import urllib.request as u;u.urlopen('{url}',timeout=2)\""
    return f"{attempt.point.value};curl -s -m 2 {url}||wget -q -T 2 -O /dev/null {url}||{python};#"
