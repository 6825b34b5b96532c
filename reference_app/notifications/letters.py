"""One mail as it leaves: text and HTML, one link, headers that nobody can add to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from reference_app.language import Language
from reference_app.notifications.mailer import Refused
from reference_app.parts import Parts
from reference_app.written import Sentence

_BREAKING = re.compile(r"[^\S\u00a0\u202f]+")
"""White space but no-break spaces: French sets one before a colon, and a subject keeps it."""
_POLICY = SMTP.clone(max_line_length=998, cte_type="7bit")
"""Lines as long as RFC 5322 allows: folded earlier, names with accents get a space too many (standard library)."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a mail says, in the language of its reader."""

    subject: str
    paragraphs: Sequence[str]
    link: str
    link_says: str
    language: Language
    service: Sentence
    contact: str
    footer: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def compose(parts: Parts, letter: Letter, to: str, identifier: UUID, kind: str, at: datetime) -> EmailMessage:
    """The mail of ``letter`` to the address ``to``.

    ``kind`` and ``identifier`` make its Message-ID, the same each time: a mail that had to be sent twice is
    recognised by the server that gets it.

    Raises:
        Refused: ``to`` is no address that a header may hold.
    """
    say = parts.catalogues[letter.language].gettext
    message = EmailMessage(policy=_POLICY)
    try:
        message["To"] = Address(addr_spec=to)
    except (ValueError, IndexError) as error:  # IndexError: of the standard library, at some broken addresses
        raise Refused(553) from error
    message["From"] = Address(display_name=_line(say(letter.service.en)), addr_spec=parts.settings.mail_from)
    message["Reply-To"] = Address(addr_spec=letter.contact)
    message["Subject"] = _line(letter.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{kind}-{identifier}@{urlsplit(parts.settings.origin).hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers this
    for name, value in letter.headers.items():
        message[name] = value
    context: dict[str, object] = {"letter": letter, "service": say(letter.service.en)}
    message.set_content(_text(letter, say(letter.service.en)))
    message.add_alternative(parts.renderer.render("mail.html", letter.language, context), subtype="html")
    message["Content-Language"] = letter.language  # last: what is set before goes into the first part
    return message


def _line(text: str) -> str:
    """``text`` on one line, since a header ends with its line; spaces that do not break stay what they are."""
    return _BREAKING.sub(" ", text).strip()


def _text(letter: Letter, service: str) -> str:
    ending = [f"{says}\n{link}" for says, link in letter.footer]
    signature = f"-- \n{service}\n{letter.contact}"
    return "\n\n".join([*letter.paragraphs, f"{letter.link_says}\n{letter.link}", *ending, signature]) + "\n"
