"""What a request handler may need, made once when the process starts."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from obstore.store import ObjectStore
from starlette.requests import Request

from reference_app import language, migrations
from reference_app.appointments.shown import Shown
from reference_app.database import Pool, make_pool
from reference_app.ended_sessions import EndedSessions
from reference_app.instruction.tallies import Tallies
from reference_app.language import Language, wanted
from reference_app.notifications.mailer import Mailer, make_mailer
from reference_app.outgoing import Outgoing
from reference_app.pieces.limits import Uploads
from reference_app.pieces.scanning import Scanner, make_scanner, rested
from reference_app.proxies import proxies_of
from reference_app.rendering import Renderer
from reference_app.settings import Settings
from reference_app.sign_in.providers import Providers, make_providers
from reference_app.sources.desk import Desk, make_desk
from reference_app.storage import open_store
from reference_app.theme import Theme
from reference_app.theme import chosen as chosen_theme
from reference_app.waiting_room.door import Door


@dataclass(frozen=True)
class Parts:
    """The parts of the running service; ``clock`` gives the present time in UTC."""

    settings: Settings
    pool: Pool
    ended: EndedSessions
    shown: Shown
    door: Door
    tallies: Tallies
    outgoing: Outgoing
    providers: Providers
    desk: Desk
    renderer: Renderer
    theme: Theme | None
    catalogues: Mapping[Language, gettext.NullTranslations]
    clock: Callable[[], datetime]
    schema_head: str
    mailer: Mailer | None
    store: ObjectStore | None
    scanner: Scanner | None
    uploads: Uploads


def utc_now() -> datetime:
    """The present time of this machine."""
    return datetime.now(UTC)


def make_parts(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Parts:
    """The parts of one process, of the service or of its jobs; the pool is not open yet."""
    catalogues = language.catalogues()
    pool = make_pool(settings)
    proxies = proxies_of(settings)
    outgoing = Outgoing(proxies)
    theme = chosen_theme(settings.theme)
    return Parts(
        settings=settings,
        pool=pool,
        ended=EndedSessions(pool),
        shown=Shown(pool, clock),
        door=Door(pool),
        tallies=Tallies(),
        outgoing=outgoing,
        providers=make_providers(settings, outgoing),
        desk=make_desk(settings, outgoing),
        renderer=Renderer(catalogues, theme.sheet if theme is not None else ""),
        theme=theme,
        catalogues=catalogues,
        clock=clock,
        schema_head=migrations.head(),
        mailer=make_mailer(settings.smtp_url.get_secret_value(), settings.mails_per_minute)
        if settings.smtp_url is not None
        else None,
        store=open_store(settings.storage, proxies) if settings.storage is not None else None,
        scanner=rested(make_scanner(settings.scanner)) if settings.scanner is not None else None,
        uploads=Uploads(settings.uploads_at_once, settings.person_uploads_at_once),
    )


def parts_of(request: Request) -> Parts:
    """The parts of the service that handles ``request``."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)  # nosec B101 (states an invariant to the reader and to the type checker)
    return parts


def translated(request: Request, sentence: str, values: Mapping[str, object] | None = None) -> str:
    """``sentence`` in the reader's language, with its ``values`` put in."""
    text = parts_of(request).catalogues[wanted(request)].gettext(sentence)
    return text % values if values else text


def speaker(request: Request) -> Callable[[str], str]:
    """What gives a sentence in the reader's language."""
    return parts_of(request).catalogues[wanted(request)].gettext


async def _given(request: Request) -> Parts:  # async: FastAPI runs a plain function in a thread
    return parts_of(request)


Given = Annotated[Parts, Depends(_given)]
"""Parameter of a route that receives the parts."""
