"""Cookies that a script, another site or a listener could take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorecard.evidence import Severity, Text, Unit
from security.observation import Seen, count, unknown
from security.rules import Hit, Rule
from security.visits import Visit

_RULE = Rule(
    Severity.MEDIUM,
    "CWE-1004",
    "v5.0.0-3.3.4",
    "Set HttpOnly, SameSite=Lax or Strict and, over https, Secure; name a session cookie __Host-….",
)
_NONE_SET = Text(
    en="no cookie was set on the pages visited, so none was examined; add the sign-in page to target.pages",
    fr="aucun cookie n’a été posé par les pages visitées, aucun n’a donc été examiné ; ajouter la page de connexion à "
    "target.pages",
)


@dataclass(frozen=True)
class Cookie:
    """A cookie as a service sets it; its value is not kept. Attribute names are in small letters."""

    name: str
    attributes: dict[str, str]

    def lacks(self, *, encrypted: bool) -> list[str]:
        """The protections it lacks. A token against forged requests is for scripts to read: it needs no HttpOnly."""
        lacking = []
        if "httponly" not in self.attributes and not any(word in self.name.lower() for word in ("csrf", "xsrf")):
            lacking.append("HttpOnly")
        if self.attributes.get("samesite", "").lower() not in ("lax", "strict"):
            lacking.append("SameSite")
        if encrypted and "secure" not in self.attributes:
            lacking.append("Secure")
        return lacking


def look(visits: list[Visit], gap: Text | None, *, encrypted: bool) -> Seen:
    """How many cookies set during ``visits`` lack a protection; unknown when none was set."""
    seen = {(visit.place, cookie.name): cookie for visit in visits for cookie in set_by(visit.all("set-cookie"))}
    return weak("security.cookies_weak", seen, _NONE_SET, gap, encrypted=encrypted)


def weak(
    fact: str, seen: Mapping[tuple[str, str], Cookie], none_set: Text, gap: Text | None, *, encrypted: bool
) -> Seen:
    """How many of the cookies ``seen``, by place and name, lack a protection; unknown for ``none_set`` without any."""
    lacks = {place: lacking for place, cookie in seen.items() if (lacking := cookie.lacks(encrypted=encrypted))}
    if not seen:
        counted = unknown(fact, Unit.COUNT, none_set if gap is None else gap)
    else:
        names = {name for _, name in seen}
        counted = count(fact, len({name for _, name in lacks}), gap, f"of {len(names)} cookies set")
    return Seen(facts=(counted,), hits=tuple(_hit(*place, lacking) for place, lacking in lacks.items()), gap=gap)


def set_by(headers: Iterable[str]) -> list[Cookie]:
    """Cookies that an answer sets with its Set-Cookie ``headers``; those it deletes are left out."""
    found = []
    for header in headers:
        pair, *rest = header.split(";")
        parts = (part.strip().partition("=") for part in rest)
        attributes = {name.strip().lower(): value.strip() for name, _, value in parts if name}
        if not _deletes(attributes):
            found.append(Cookie(pair.partition("=")[0].strip(), attributes))
    return found


def _deletes(attributes: dict[str, str]) -> bool:
    age = attributes.get("max-age")
    if age is not None:
        return age.startswith("-") or not age.strip("0")
    return " 1970 " in attributes.get("expires", "").replace("-", " ")


def _hit(place: str, name: str, lacking: list[str]) -> Hit:
    return Hit(
        category="cookies",
        rule="cookie-weak",
        what=_RULE,
        location=place,
        place=place,
        trait=name,
        message=f"The cookie {name} is set without {', '.join(lacking)}.",
        confidence="HIGH",
    )
