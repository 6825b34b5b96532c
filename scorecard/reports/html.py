"""The page that is signed: one self-contained HTML document, without script, font or picture from anywhere else."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from scorecard.evidence import Unit
from scorecard.reports import (
    columns,
    courses,
    density,
    describe,
    labels,
    ledger,
    measured,
    origin,
    pages,
    plots,
    sheet,
    why,
    why_words,
)
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import Scorecard, Verdict

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The page declares it itself and works under it: whatever a tool's message holds, nothing is run or fetched."""


def render(card: Scorecard, lang: str) -> str:
    """The page of ``card`` in ``lang`` ("fr", else English); the same card gives the same bytes."""
    known: Lang = "fr" if lang == "fr" else "en"
    words = Words(known)
    head, sentence = sheet.headline(card, words)
    return (
        environment(known)
        .get_template("page.html")
        .render(
            card=card,
            head=head,
            sentence=sentence,
            names={e.name: i for i, e in reversed(list(enumerate(card.evidence)))},
            policy=CONTENT_SECURITY_POLICY,
            latency=plots.latency(card, words),
            day=plots.day(card, words),
            scaling=plots.scaling(card, words),
            crowded=density.crowded(card, words),
        )
    )


@cache
def environment(lang: Lang) -> Environment:
    """Templates in one language. Everything is escaped: names and messages come from strangers."""
    words = Words(lang)
    environment = Environment(
        loader=PackageLoader("scorecard.reports"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.policies["ext.i18n.trimmed"] = True
    install: Any = environment
    install.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)
    environment.globals.update(
        words=words,
        sheet=sheet,
        columns=columns,
        courses=courses,
        ledger=ledger,
        origin=origin,
        labels=labels,
        measured=measured,
        pages=pages,
        describe=describe,
        why=why,
        why_words=why_words,
        units=Unit,
        Verdict=Verdict,
    )
    environment.filters.update(say=words.say, count=words.number, date=words.date, grade=words.grade)
    return environment
