"""What the service tells when something goes wrong: a person needs a sentence, an attacker wants a stack."""

from __future__ import annotations

import re
from urllib.parse import quote

from scorecard.evidence import Severity, Text
from security.observation import Seen, count, yes_no
from security.rules import Hit, Rule
from security.visits import Visitor, silence

_VERBOSE = Rule(
    Severity.MEDIUM,
    "CWE-209",
    "v5.0.0-16.5.1",
    "Switch debug off, and answer errors with a general sentence and a number to quote; keep the details in the log.",
)
_UNHANDLED = Rule(
    Severity.LOW, "CWE-755", "v5.0.0-16.5.3", "Check the input where it comes in, and answer 400 or 404 for it."
)
API_VISITS = 5
_ODD = quote("portance'\"<%\0")
_SIGNS = re.compile(
    r"Traceback \(most recent call last\)"
    r"|File \"[^\"\n]{1,300}\.py\", line \d+"
    r"|File &quot;[^\n]{1,300}\.py&quot;, line"
    r"|Werkzeug Debugger|You're seeing this error because you have <code>DEBUG = True</code>"
    r"|(?:psycopg|psycopg2|sqlalchemy|pymysql|sqlite3|asyncpg)\.[\w.]*(?:Error|exc)\b"
    r"|SQLSTATE\[|ORA-\d{5}|You have an error in your SQL syntax|unterminated quoted string"
    r"|\bat (?:java|javax|jakarta|org\.springframework|org\.apache)\.[\w.$]+\("
    r"|\bat [\w.<>]+ \((?:/|[A-Z]:\\|node:)[^)\n]+:\d+:\d+\)"
    r"|<b>(?:Fatal error|Warning|Notice)</b>:.{1,300} on line <b>\d+"
    r"|Server Error in '/' Application|Microsoft \.NET Framework Version"
    r"|goroutine \d+ \[running\]"
)


def look(visitor: Visitor, documented: list[str]) -> Seen:
    """Ask for what cannot be answered, and look for signs of the inside in the answers.

    ``documented`` are paths of the API with ``{parameters}``. It takes at least one error for there to be no sign of
    verbose ones: a service that answers everything with success shows no error page at all.
    """
    tried = [(visitor.go(path, headers=headers), f"GET {route}") for path, headers, route in _troubles(documented)]
    visits = [visit for visit, _ in tried]
    verbose = dict.fromkeys(place for visit, place in tried if _SIGNS.search(visit.text))
    unhandled = dict.fromkeys(place for visit, place in tried if visit.status == 500)
    errors = [visit for visit in visits if visit.answered and visit.status is not None and visit.status >= 400]
    gap = silence(visits)
    reason = gap if gap is not None else None if errors else _NO_ERROR
    return Seen(
        facts=(
            yes_no(
                "security.errors_verbose",
                True if verbose else False if reason is None else None,
                reason if reason is not None else _NO_ERROR,
                f"{len(visits)} requests meant to fail, {len(errors)} errors seen",
            ),
            count(
                "security.errors_unhandled",
                sum(visit.status == 500 for visit in visits),
                gap,
                f"of {len(visits)} requests meant to fail",
            ),
        ),
        hits=(
            *(_hit(place, "error-verbose", _VERBOSE, _TELLS) for place in verbose),
            *(_hit(place, "error-unhandled", _UNHANDLED, _FAILS) for place in unhandled),
        ),
        gap=gap,
    )


def _troubles(documented: list[str]) -> list[tuple[str, dict[str, str], str]]:
    """Paths and headers to ask with, and the route that answers: the one that the document names, where it does."""
    parameterised = [path for path in documented if "{" in path][:API_VISITS]
    plain = [path for path in documented if "{" not in path][:API_VISITS]
    return [
        ("/portance-there-is-no-such-page", {}, "/portance-there-is-no-such-page"),
        (f"/?portance={_ODD}", {}, "/"),
        ("/" + "portance" * 1024, {}, "/portanceportance…"),
        ("/%C0%AE%C0%AE/%FF", {}, "/%C0%AE%C0%AE/%FF"),
        ("/", {"cookie": "session=%%%portance; sessionid=portance.portance.portance"}, "/"),
        *((re.sub(r"\{[^}]*\}", _ODD, path), {}, path) for path in parameterised),
        *((f"{path}?portance={_ODD}&page={_ODD}&limit=-1", {}, path) for path in plain),
        *((path, {"authorization": "Bearer portance.is.no-token"}, path) for path in plain),
    ]


def _hit(place: str, rule: str, what: Rule, message: str) -> Hit:
    return Hit("errors", rule, what, location=place, place=place, trait=rule, message=message, confidence="HIGH")


_TELLS = "The answer to a request that cannot succeed shows the inside of the service (stack, query or debug page)."
_FAILS = "A request with odd input makes the service fail with 500."
_NO_ERROR = Text(
    en="no request made the service answer with an error, so no error page was seen",
    fr="aucune requête n’a fait répondre le service par une erreur, aucune page d’erreur n’a donc été vue",
)
