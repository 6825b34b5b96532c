"""The receipt of a filing as a PDF: tagged after PDF/UA-1, with what article R112-11-1 of the CRPA wants it to say.

Set by Typst, beside the loop that serves others and at lower priority; the few that wait are bounded in number.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from reference_app import dates
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.schemas import receipt_of
from reference_app.errors import N_
from reference_app.language import Language
from reference_app.places import Places
from reference_app.procedure import PROCEDURES

TEMPLATE = Path(__file__).with_name("receipt.typ")
WAITING = 4
"""Receipts made or waited for at once in one process; the next person is asked to come back in some seconds."""
KEPT = 64
"""Receipts a process remembers, some 12 kB each: people download twice, and send the page to somebody."""
NICENESS = 10

_SENTENCES = {
    "rejects": N_("Without an answer before %(day)s, your request counts as rejected from that day on (%(source)s)."),
    "accepts": N_("Without an answer before %(day)s, your request counts as accepted from that day on (%(source)s)."),
}
CERTIFICATE = N_("You may then ask the service for a certificate that it is (CRPA, art. L232-3).")

_UNPRINTABLE = re.compile(
    "[^\n\u0020-\u007e\u00a0-\u00ac\u00ae-\u017f\u0391-\u03a1\u03a3-\u03ce\u0400-\u045f"
    "\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u202f\u2030\u2039\u203a\u20ac\u2122]"
)
"""Whatever the fonts within Typst may lack: PDF/UA forbids a letter without a shape."""

_places = Places(WAITING)
_made: OrderedDict[str, bytes] = OrderedDict()


def content(dossier: Dossier, language: Language, say: Callable[[str], str]) -> dict[str, Any]:
    """The words of the receipt of a filed ``dossier``, and nothing that depends on when it is asked for."""
    receipt, rules, procedure = receipt_of(dossier, say), dossier.filing, PROCEDURES[dossier.procedure]
    assert receipt is not None  # nosec B101 (the caller has a filed dossier)
    day = dates.day(receipt.silence_on, language)
    silence = [say(_SENTENCES[rules.silence]) % {"day": day, "source": rules.silence_source}]
    if rules.silence == "accepts":
        silence.append(say(CERTIFICATE))
    facts = [
        [say(N_("Number")), receipt.number],
        [say(N_("Received on")), dates.moment(receipt.filed_at, language)],
        [say(N_("Request")), dossier.title if dossier.title is not None else say(N_("Untitled request"))],
        [say(N_("Service in charge")), receipt.service],
        [say(N_("E-mail")), receipt.contact],
    ]
    if procedure.telephone is not None:
        facts.append([say(N_("Telephone")), procedure.telephone])
    appeals = say(N_("Against a rejection you have %(months)s months for:")) % {"months": rules.appeal_months}
    words: dict[str, Any] = {
        "lang": language,
        "title": say(N_("Electronic receipt")),
        "service": receipt.service,
        "procedure": say(procedure.name.en),
        "columns": [say(N_("What")), say(N_("Of your request"))],
        "facts": facts,
        "sections": [
            {"heading": say(N_("If nobody answers")), "paragraphs": silence, "items": []},
            {"heading": say(N_("If it is rejected")), "paragraphs": [appeals], "items": receipt.appeals},
            {
                "heading": say(N_("What this receipt is")),
                "paragraphs": [
                    say(
                        N_(
                            "It proves that your request was received on the day above (CRPA, art. L112-11 and"
                            " R112-11-1). It does not say that the request is complete."
                        )
                    )
                ],
                "items": [],
            },
        ],
    }
    return {key: _printable(value) for key, value in words.items()}


def digest_of(words: dict[str, Any]) -> str:
    """What names a receipt: the same words, the same template, the same file."""
    said = json.dumps(words, ensure_ascii=False, sort_keys=True).encode()
    return hashlib.sha256(_template() + b"\0" + said).hexdigest()


async def made(words: dict[str, Any], digest: str, filed_at: datetime) -> bytes:
    """The PDF of ``words``, made once while it is remembered. Raises Unavailable when too many wait for theirs."""
    found = _made.get(digest)
    if found is None:
        with _places.one():
            found = await asyncio.get_running_loop().run_in_executor(_thread(), _set, words, filed_at)
        _made[digest] = found
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return found


def _set(words: dict[str, Any], filed_at: datetime) -> bytes:
    import typst  # a whole compiler: who never makes a receipt does not load it

    written = typst.compile(
        _template(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(words, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=filed_at.replace(microsecond=0),
    )
    assert isinstance(written, bytes)  # nosec B101 (one output)
    return written


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


@cache
def _thread() -> ThreadPoolExecutor:
    """One thread, at lower priority than those that serve; Typst lets go of the interpreter while it works."""
    return ThreadPoolExecutor(1, thread_name_prefix="receipts", initializer=_be_nice)


def _be_nice() -> None:
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # on Linux, of this thread alone


def _printable(value: Any) -> Any:
    match value:
        case str():
            return _UNPRINTABLE.sub("\ufffd", unicodedata.normalize("NFC", value))
        case dict():
            return {key: _printable(one) for key, one in value.items()}
        case list():
            return [_printable(one) for one in value]
        case _:
            return value
