"""What a proved weakness means here: the fact it counts for, its rule, the finding it makes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scorecard.evidence import Severity, Unit
from security.active_attempt import Weakness
from security.active_prober import Proved
from security.rules import Hit, Rule

COUNTED: Mapping[str, tuple[Weakness, ...]] = MappingProxyType(
    {
        "security.active_sql": (Weakness.SQL,),
        "security.active_scripts": (Weakness.REFLECTED, Weakness.STORED),
        "security.active_executions": (Weakness.COMMAND, Weakness.CODE, Weakness.TEMPLATE),
        "security.active_files": (Weakness.TRAVERSAL,),
        "security.active_requests_forged": (Weakness.SSRF,),
        "security.active_redirects": (Weakness.REDIRECT,),
        "security.active_uploads": (Weakness.UPLOAD,),
    }
)
FACTS: Mapping[str, Unit] = MappingProxyType(
    dict.fromkeys((*COUNTED, "security.active_places"), Unit.COUNT) | {"security.active_coverage": Unit.RATIO}
)


def hit(one: Proved) -> Hit:
    """A finding at the route, which names the place, what was sent and what came back."""
    weakness = one.proof.weakness
    return Hit(
        category="active",
        rule=weakness.value,
        what=_RULES[weakness],
        location=one.route,
        place=one.route,
        trait=f"{weakness.value} {one.place}",
        message=f"{one.route}, {one.place}: {one.proof.sent!r} was sent, and what came back was {one.proof.came}.",
        confidence="HIGH",
    )


_RULES: Mapping[Weakness, Rule] = {
    Weakness.SQL: Rule(
        Severity.CRITICAL,
        "CWE-89",
        "v5.0.0-1.2.4",
        "Give values to the database as parameters of the statement, never as a part of its text.",
    ),
    Weakness.REFLECTED: Rule(
        Severity.HIGH,
        "CWE-79",
        "v5.0.0-1.2.1",
        "Let the template engine escape every value (autoescape on, no safe filter), and send a "
        "Content-Security-Policy without 'unsafe-inline'.",
    ),
    Weakness.STORED: Rule(
        Severity.HIGH,
        "CWE-79",
        "v5.0.0-1.2.1",
        "Escape what people wrote where it is shown, on each page, and send a Content-Security-Policy without "
        "'unsafe-inline'.",
    ),
    Weakness.TRAVERSAL: Rule(
        Severity.HIGH,
        "CWE-22",
        "v5.0.0-5.3.2",
        "Name files by identifiers of your own; where a name must come from outside, resolve it and require that it "
        "stays inside its folder.",
    ),
    Weakness.COMMAND: Rule(
        Severity.CRITICAL,
        "CWE-78",
        "v5.0.0-1.2.5",
        "Start programs with a list of arguments and without a shell, and put -- before values.",
    ),
    Weakness.CODE: Rule(
        Severity.CRITICAL,
        "CWE-95",
        "v5.0.0-1.3.2",
        "Do not evaluate what is sent: read it with a parser of the few things it may say.",
    ),
    Weakness.TEMPLATE: Rule(
        Severity.CRITICAL,
        "CWE-1336",
        "v5.0.0-1.3.7",
        "Keep templates in files and give values to them as variables; never make a template from what is sent.",
    ),
    Weakness.SSRF: Rule(
        Severity.HIGH,
        "CWE-918",
        "v5.0.0-1.3.6",
        "Ask only servers of a list, after resolving the name, and follow no redirect that leaves it.",
    ),
    Weakness.REDIRECT: Rule(
        Severity.MEDIUM,
        "CWE-601",
        "v5.0.0-3.7.2",
        "Redirect to paths of the service only, or to addresses of a list.",
    ),
    Weakness.UPLOAD: Rule(
        Severity.MEDIUM,
        "CWE-770",
        "v5.0.0-5.2.1",
        "Refuse a body above a limit while it is read, at the entrance and in the service, with 413.",
    ),
}
