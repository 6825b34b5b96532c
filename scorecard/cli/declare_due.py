"""What expires when: declarations and waivers with their owner, as text, as data, and as a calendar of reminders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from scorecard.cli.declare_questions import questions
from scorecard.criteria import Criterion
from scorecard.evidence import Text
from scorecard.project import ProjectFile
from scorecard.quantities import day

REMIND_DAYS = 14
"""Days before the end at which a calendar speaks up: time to ask again and to write it down."""

_LINE = 75
"""Octets of a line of a calendar (RFC 5545, 3.1)."""


@dataclass(frozen=True)
class Due:
    """Something that counts until ``until`` (that day included) and has to be renewed by ``owner``."""

    kind: Literal["declaration", "waiver"]
    name: str
    title: Text
    owner: str
    link: str
    until: date

    def expired(self, today: date) -> bool:
        """Whether it no longer counts on ``today``."""
        return self.until < today


def due(project: ProjectFile, criteria: Sequence[Criterion]) -> tuple[Due, ...]:
    """Everything of ``project`` that expires, the first first."""
    titles = {c.id: c.title for c in criteria}
    found = [
        Due("declaration", q.criterion.fact, q.criterion.title, q.declared.owner, q.declared.link, q.expires)
        for q in questions(project, criteria)
        if q.declared is not None and q.expires is not None
    ]
    for waiver in project.waivers:
        title = titles.get(waiver.criterion, Text(en=waiver.criterion, fr=waiver.criterion))
        found.append(Due("waiver", waiver.criterion, title, waiver.approver, "", waiver.expires))
    return tuple(sorted(found, key=lambda d: (d.until, d.kind, d.name)))


def within(found: Sequence[Due], today: date, days: int | None) -> tuple[Due, ...]:
    """Those of ``found`` that have expired or expire within ``days``; all with None."""
    if days is None:
        return tuple(found)
    return tuple(d for d in found if (d.until - today).days <= days)


def sentence(item: Due, today: date) -> Text:
    """How long ``item`` still counts."""
    left = (item.until - today).days
    en, fr = day(item.until, "en"), day(item.until, "fr")
    match left:
        case _ if left < 0:
            return Text(en=f"expired on {en}", fr=f"a expiré le {fr}")
        case 0:
            return Text(en=f"expires today, {en}", fr=f"expire aujourd’hui, {fr}")
        case 1:
            return Text(en=f"until {en}, 1 day left", fr=f"jusqu’au {fr}, encore 1 jour")
        case _:
            return Text(en=f"until {en}, {left} days left", fr=f"jusqu’au {fr}, encore {left} jours")


def line(item: Due, today: date, lang: str) -> str:
    """One line of a list: last day, name, title, owner, and how long it still counts."""
    colon = "\u202f:" if lang == "fr" else ":"
    when = sentence(item, today).in_(lang)
    return f"{item.until.isoformat()}  {item.name}  {item.title.in_(lang)}{colon} {item.owner}, {when}"


def calendar(found: Sequence[Due], project: str, today: date, lang: str) -> str:
    """``found`` as an iCalendar (RFC 5545): an all-day event on each last day, with a reminder before."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Portance//declare//EN", "CALSCALE:GREGORIAN"]
    for item in found:
        lines += _event(item, project, today, lang)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(item: Due, project: str, today: date, lang: str) -> Iterator[str]:
    what = Text(
        en=f"Renew: {item.title.en} ({project})",
        fr=f"À renouveler\u202f: {item.title.fr} ({project})",
    ).in_(lang)
    kind = {"declaration": Text(en="Declaration", fr="Déclaration"), "waiver": Text(en="Waiver", fr="Dérogation")}
    about = [f"{kind[item.kind].in_(lang)} {item.name}", item.owner, *([item.link] if item.link else [])]
    # The same thing keeps its identifier when its date moves, so that a calendar moves its event.
    identifier = hashlib.sha256(f"{project}\0{item.kind}\0{item.name}".encode()).hexdigest()[:32]
    yield "BEGIN:VEVENT"
    yield f"UID:{identifier}@portance"
    yield f"DTSTAMP:{today:%Y%m%d}T000000Z"
    yield f"DTSTART;VALUE=DATE:{item.until:%Y%m%d}"
    if item.until < date.max:
        yield f"DTEND;VALUE=DATE:{item.until + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_escaped(what)}"
    yield f"DESCRIPTION:{_escaped(chr(10).join(about))}"
    yield "TRANSP:TRANSPARENT"
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield f"DESCRIPTION:{_escaped(what)}"
    yield f"TRIGGER:-P{REMIND_DAYS}D"
    yield "END:VALARM"
    yield "END:VEVENT"


def _escaped(words: str) -> str:
    for sign, instead in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        words = words.replace(sign, instead)
    return words


def _folded(line: str) -> Iterator[str]:
    """``line`` in pieces of at most 75 octets, no character cut, each but the first after a space."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode("utf-8"))
        if size + octets > _LINE:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + octets
    yield piece
