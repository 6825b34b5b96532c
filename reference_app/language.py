"""French and English: which one a reader wants, and the sentences in it.

English sentences are the keys; the French catalogue is a gettext ``.po`` file and the sentences of the procedures,
compiled in memory when the process starts, so there is no build step to forget.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

from reference_app.procedure import PROCEDURES
from reference_app.written import sentences

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "fr"
COOKIE = "lang"
LOCALES = Path(__file__).parent / "locales"


def catalogues() -> Mapping[Language, gettext.NullTranslations]:
    """The sentences of each language; English are the keys themselves."""
    return {"en": gettext.NullTranslations(), "fr": _compiled(LOCALES / "fr" / "LC_MESSAGES" / "messages.po")}


def wanted(request: Request) -> Language:
    """The language of the answer: asked for in the address, chosen before, preferred by the browser, or French."""
    for word in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        for language in LANGUAGES:
            if word == language:
                return language
    return preferred(request.headers.get("accept-language", ""))


def preferred(accept: str) -> Language:
    """The first language of an Accept-Language header that is spoken here (RFC 9110, 12.5.4)."""
    ranked: list[tuple[float, Language]] = []
    for part in accept.split(","):
        tag, _, quality = part.strip().partition(";")
        for language in LANGUAGES:
            if tag.split("-")[0].strip().lower() == language:
                ranked.append((_quality(quality), language))
    best = max(ranked, key=lambda pair: pair[0], default=(0.0, DEFAULT))
    return best[1] if best[0] > 0 else DEFAULT


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _compiled(path: Path) -> gettext.GNUTranslations:
    with path.open("rb") as source:
        catalogue = read_po(source)
    for procedure in PROCEDURES.values():
        for sentence in sentences(procedure):
            catalogue.add(sentence.en, sentence.fr)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
