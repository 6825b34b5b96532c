"""Pages from templates: one environment a language, everything escaped, no script."""

from __future__ import annotations

import gettext
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import assert_never

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reference_app.appointments.states import LABELS as ATTENDANCE
from reference_app.appointments.states import State as Attendance
from reference_app.campaigns.campaign import LABELS as CAMPAIGNS
from reference_app.campaigns.campaign import State as Campaign
from reference_app.dates import day, hour, moment, weekday
from reference_app.dossiers.corrections import LABELS as CORRECTIONS
from reference_app.dossiers.corrections import Reason
from reference_app.dossiers.filing import WITHDRAWN
from reference_app.dossiers.states import LABELS, QUEUE, State
from reference_app.form import LONGEST_LINE, LONGEST_TEXT, FormField
from reference_app.instruction.left import GIVEN_BACK
from reference_app.language import LANGUAGES, Language
from reference_app.notifications.news import LABELS as NEWS
from reference_app.notifications.news import News
from reference_app.pieces.piece import LABELS as PIECES
from reference_app.pieces.piece import State as PieceState
from reference_app.procedure import BY_APPOINTMENT, NAMESAKE, OFFERED
from reference_app.sources.described import LABELS as LABELS_OF_SOURCES
from reference_app.sources.described import VALUES
from reference_app.sources.shown import origin, told

HERE = Path(__file__).parent
STATIC = HERE / "static"


class Renderer:
    """Templates of the pages in every language, compiled once."""

    def __init__(self, catalogues: Mapping[Language, gettext.NullTranslations], theme: str = "") -> None:
        """``theme`` is the address of a style sheet on top of the service's own."""
        self._environments = {language: _environment(language, catalogues[language]) for language in LANGUAGES}
        for environment in self._environments.values():
            environment.globals["theme"] = theme

    def render(self, template: str, language: Language, context: Mapping[str, object]) -> str:
        """The page ``template`` in ``language``."""
        return self._environments[language].get_template(template).render(context, lang=language)


def _environment(language: Language, catalogue: gettext.NullTranslations) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]  # by the extension
    environment.filters |= {
        "day": partial(day, language=language),
        "weekday": partial(weekday, language=language),
        "hour": partial(hour, language=language),
        "moment": partial(moment, language=language),
        "euros": partial(_euros, language=language),
        "count": partial(format_decimal, locale=language),
        "share": partial(format_percent, locale=language),
        "month": partial(format_date, format="MMMM y", locale=language),
        "answer": partial(_answer, language=language, say=catalogue.gettext),
        "caption": lambda field: (field.name, catalogue.gettext(field.label.en)),
        "state": lambda state: catalogue.gettext(LABELS[State(state)]),
        "correction": lambda reason: catalogue.gettext(CORRECTIONS[Reason(reason)]),
        "told": told,
        "origin": origin,
        "campaign": lambda state: catalogue.gettext(CAMPAIGNS[Campaign(state)]),
        "news": lambda news: catalogue.gettext(NEWS[News(news)]),
        "piece": lambda state: catalogue.gettext(PIECES[PieceState(state)]),
        "megabytes": partial(_megabytes, language=language),
        "attendance": lambda state: catalogue.gettext(ATTENDANCE[Attendance(state)]),
    }
    environment.globals |= {
        "procedure": NAMESAKE,
        "filed": tuple(OFFERED.values()),
        "longest_line": LONGEST_LINE,
        "longest_text": LONGEST_TEXT,
        "by_appointment": tuple(BY_APPOINTMENT.values()),
        "ours": frozenset({WITHDRAWN, GIVEN_BACK}),
        "queue_states": QUEUE,
        "source_labels": LABELS_OF_SOURCES,
        "source_words": VALUES,
        "style": _versioned("style.css"),
        "autosave": _versioned("autosave.js"),
        "signed_out": _versioned("signed_out.js"),
    }
    return environment


def _versioned(name: str) -> str:
    """The address of a static file; it changes with the file, which browsers may therefore keep for ever."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def _answer(value: str | int, field: FormField, *, language: Language, say: Callable[[str], str]) -> str:
    """What was answered in ``field``, as people read it."""
    match field.kind:
        case "siret":
            return _spaced_siret(str(value))
        case "iban":
            return _spaced_iban(str(value))
        case "amount":
            return _euros(int(value), language=language)
        case "choice":
            return next((say(choice.label.en) for choice in field.choices if choice.value == value), str(value))
        case "email" | "line" | "text":
            return str(value)
        case _:
            assert_never(field.kind)


def _euros(value: int, *, language: Language) -> str:
    """Whole euros; the sign stands where the language puts it, and is not torn from its number."""
    pattern = "#,##0\xa0¤" if language == "fr" else "¤#,##0"
    return format_currency(value, "EUR", locale=language, currency_digits=False, format=pattern)


def _megabytes(value: int, *, language: Language) -> str:
    """A size in bytes as people read it: kB below one megabyte."""
    unit, amount = ("megabyte", value / 1e6) if value >= 1_000_000 else ("kilobyte", max(1, round(value / 1e3)))
    return format_unit(amount, f"digital-{unit}", "short", format="#,##0.#", locale=language)


def _spaced_siret(value: str) -> str:
    return f"{value[:3]} {value[3:6]} {value[6:9]} {value[9:]}"


def _spaced_iban(value: str) -> str:
    return " ".join(value[i : i + 4] for i in range(0, len(value), 4))
