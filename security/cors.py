"""Whether another site may read a signed-in person's answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from scorecard.evidence import Severity, Text
from security.observation import Seen, yes_no
from security.rules import Hit, Rule
from security.visits import Visit, Visitor, silence

PATHS = 3
_REMEDY = "Answer with Access-Control-Allow-Origin only for origins compared whole with a fixed list."
_WITH_CREDENTIALS = Rule(Severity.HIGH, "CWE-942", "v5.0.0-3.4.2", _REMEDY)
_FOR_ALL = Rule(Severity.LOW, "CWE-942", "v5.0.0-3.4.2", _REMEDY)


def look(visitor: Visitor, paths: list[str]) -> Seen:
    """Ask for ``paths`` (the first few) as sites that nobody allowed; permissive is: allowed, and with cookies."""
    visits: list[Visit] = []
    hits: list[Hit] = []
    permissive = False
    for path in paths[:PATHS]:
        for origin in _strangers(visitor.url):
            asked = visitor.go(path, headers={"origin": origin})
            preflight = visitor.go(
                path, method="OPTIONS", headers={"origin": origin, "access-control-request-method": "GET"}
            )
            visits += [asked, preflight]
            allowed = [visit for visit in (asked, preflight) if visit.header("access-control-allow-origin") == origin]
            with_cookies = any(visit.header("access-control-allow-credentials") == "true" for visit in allowed)
            permissive = permissive or with_cookies
            if allowed:
                hits.append(_hit(path, origin, with_cookies=with_cookies))
    gap = silence(visits) if visits else _UNASKED
    fact = yes_no(
        "security.cors_permissive",
        True if permissive else False if gap is None else None,
        gap if gap is not None else _UNASKED,
    )
    return Seen(facts=(fact,), hits=tuple(hits), gap=gap)


def _strangers(url: str) -> tuple[str, ...]:
    """Origins of nobody: another site, a page without origin, and one whose name begins like the service's own."""
    return ("https://portance.example", "null", f"{urlsplit(url).scheme}://{urlsplit(url).hostname}.portance.example")


def _hit(path: str, origin: str, *, with_cookies: bool) -> Hit:
    place = f"GET {path.partition('?')[0]}"
    return Hit(
        category="cors",
        rule="cors-credentials" if with_cookies else "cors-any-origin",
        what=_WITH_CREDENTIALS if with_cookies else _FOR_ALL,
        location=place,
        place=place,
        trait="null" if origin == "null" else "suffix" if origin.count(".") > 1 else "any",
        message=f"The origin {origin}, which nobody allowed, may read the answer"
        + (", with the cookies of the person." if with_cookies else "."),
        confidence="HIGH",
    )


_UNASKED = Text(en="there was no path to ask for", fr="il n'y avait aucun chemin à demander")
