"""Answers that are too large to be made, sent and read in the time of a click."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from observability.diagnosis.diagnosis import Diagnosis, Rule
from observability.diagnosis.group import MIN_REQUESTS, Group
from scorecard.evidence import Text

LARGE = 1_000_000
"""Bytes of one answer from which on it is large: 0.8 s at 10 Mbit/s, the load time of a whole page by the official
indicator, before anything is done with it."""

_IN_PAGES = Text(
    en="Answer in pages, with the fields that are shown; stream what has to be whole (export) as a file, in the "
    "background.",
    fr="Répondre par pages, avec les seuls champs affichés\u202f; ce qui doit être entier (export) est un fichier "
    "produit en arrière-plan.",
)


def find(group: Group) -> Iterator[Diagnosis]:
    """Routes of which half of the answers are large; mending them saves the part of their own time beyond the line."""
    sizes = [r.size for r in group.requests if r.size is not None]
    if len(sizes) < MIN_REQUESTS or median(sizes) < LARGE:
        return
    typical = median(sizes)
    size = Text(en=f"{typical / 1e6:.0f} MB", fr=f"{typical / 1e6:.0f}\u202fMo")
    spent = sum(r.application for r in group.requests)
    yield Diagnosis(
        Rule.LARGE_ANSWER,
        group.route,
        "answer",
        None,
        spent,
        spent * (1 - LARGE / typical),
        Text(
            en=f"it answers with {size.en} each time, which is made, sent and read as a whole",
            fr=f"elle répond par {size.fr} à chaque fois, à produire, envoyer et lire en entier",
        ),
        _IN_PAGES,
    )
