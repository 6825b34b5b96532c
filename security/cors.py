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
    for path in list(dict.fromkeys(paths))[:PATHS]:
        allowed: dict[str, bool] = {}
        for origin in strangers(visitor.url):
            asked = visitor.go(path, headers={"origin": origin})
            preflight = visitor.go(
                path, method="OPTIONS", headers={"origin": origin, "access-control-request-method": "GET"}
            )
            visits += [asked, preflight]
            lets_in = [visit for visit in (asked, preflight) if visit.header("access-control-allow-origin") == origin]
            if lets_in:
                allowed[origin] = any(v.header("access-control-allow-credentials") == "true" for v in lets_in)
        permissive = permissive or any(allowed.values())
        if allowed:
            hits.append(_hit(path, allowed))
    gap = silence(visits) if visits else _UNASKED
    fact = yes_no(
        "security.cors_permissive",
        True if permissive else False if gap is None else None,
        gap if gap is not None else _UNASKED,
    )
    return Seen(facts=(fact,), hits=tuple(hits), gap=gap)


def strangers(url: str) -> tuple[str, ...]:
    """Origins of nobody: another site, a page without origin, and two that a careless comparison takes for the service.

    One begins like the service's own (compared by its start) and one ends like it (compared by its end).
    """
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    return (
        "https://portance.example",
        "null",
        f"{scheme}://{host}.portance.example",
        f"{scheme}://portance{host}",
    )


def _hit(path: str, allowed: dict[str, bool]) -> Hit:
    """One finding a path, whatever the number of origins: they have one cause."""
    place = f"GET {path.partition('?')[0]}"
    with_cookies = [origin for origin, credentials in allowed.items() if credentials]
    how = " with the cookies of the person" if with_cookies else ""
    shown = ", ".join(with_cookies if with_cookies else allowed)
    return Hit(
        category="cors",
        rule="cors-credentials" if with_cookies else "cors-any-origin",
        what=_WITH_CREDENTIALS if with_cookies else _FOR_ALL,
        location=place,
        place=place,
        trait="cors",
        message=f"Origins that nobody allowed may read the answer{how}: {shown}",
        confidence="HIGH",
    )


_UNASKED = Text(en="there was no path to ask for", fr="il n’y avait aucun chemin à demander")
