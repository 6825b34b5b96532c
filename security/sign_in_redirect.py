"""Whether the way in can be made to end on somebody else's site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

from scorecard.evidence import Severity
from scorecard.journeys.person import Exchange, Person
from scorecard.project_journeys import Step
from security import forms
from security.redirects import ELSEWHERE, leads_elsewhere
from security.rules import Hit, Rule
from security.trial import route
from security.walk import Entry, Walk

_RULE = Rule(
    Severity.MEDIUM,
    "CWE-601",
    "v5.0.0-3.7.2",
    "After signing in, go on to paths of the service only: compare the address whole with a list, or keep it in the "
    "session instead of the address.",
)
# Names under which frameworks keep where a visitor wanted to go: Django, Flask-Login, Spring, Rails, ASP.NET, Keycloak…
_NAMES = ("next", "return_to", "returnUrl", "redirect", "redirect_to", "continue", "url", "target", "goto", "retour")
_VALUES = (f"https://{ELSEWHERE}/", f"//{ELSEWHERE}/", f"/\\{ELSEWHERE}/", f"https:{ELSEWHERE}/")


def look(walk: Walk, entry: Entry, again: Callable[[], Person | None]) -> tuple[bool | None, list[Hit]]:
    """Sign in anew with addresses elsewhere as the place to go on to: whether the visitor is sent there.

    The parameters are the usual names and those that links and forms on the way in use; ``again`` gives the same
    person in another browser. None when a request on the way was not answered.
    """
    names = list(dict.fromkeys([*_discovered(walk, entry), *_NAMES]))
    for value in _VALUES:
        person = again()
        if person is None:
            return None, []
        try:
            for step in entry.steps:
                taken = person.take(_filled(step, names, value), avoid=ELSEWHERE, extra=_extra(step, names, value))
                for exchange in taken.exchanges:
                    if leads_elsewhere(exchange.reply):
                        return True, [_hit(walk, exchange, value)]
                if not taken.exchanges or not all(exchange.reply.answered for exchange in taken.exchanges):
                    return None, []
                if not taken.succeeded:
                    break
        finally:
            person.close()
    return False, []


def _extra(step: Step, names: list[str], value: str) -> dict[str, str] | None:
    """The parameters for a step of the service's own; those of an identity provider are its own affair."""
    return dict.fromkeys(names, value) if step.path.startswith("/") else None


def _filled(step: Step, names: list[str], value: str) -> Step:
    if step.form is None or not set(step.form) & set(names):
        return step
    return step.model_copy(update={"form": {k: value if k in names else v for k, v in step.form.items()}})


def _discovered(walk: Walk, entry: Entry) -> Iterator[str]:
    """Parameters of links and forms on the way in, and of the redirect to it, that hold a path."""
    for stride in walk.strides[: len(entry.steps)]:
        for exchange in stride.taken.exchanges:
            page = forms.read(exchange.reply.text) if "<" in exchange.reply.text else forms.Page((), ())
            held = [pair for link in page.links for pair in parse_qsl(urlsplit(link).query)]
            held += [pair for form in page.forms for pair in form.fields.items()]
            yield from (name for name, value in held if value.startswith("/"))
    if walk.control is not None:
        location = walk.control.refused.headers.get("location", "")
        yield from (name for name, value in parse_qsl(urlsplit(location).query) if "/" in value)


def _hit(walk: Walk, exchange: Exchange, value: str) -> Hit:
    place = route(exchange.sent, walk.person.values)
    return Hit(
        category="session",
        rule="sign-in-open-redirect",
        what=_RULE,
        location=place,
        place=place,
        trait="open-redirect",
        message=f"A link to sign in that names {value} as the place to go on to ends on that site.",
        confidence="HIGH",
    )
