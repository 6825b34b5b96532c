"""``python -m reference_app partner``: partners, their tokens, and where they are told of changes.

What is slow to import is imported by who runs it: describing the command is part of every other one.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from reference_app.database import Connection
    from reference_app.partners.changes import Event
    from reference_app.partners.partner import Scope

DAYS = 365
PER_MINUTE = 250
"""What API Entreprise gives to a token (its documentation): a figure that partners know."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser("partner", help="other administrations: tokens, and webhooks")
    wanted = parser.add_subparsers(dest="partner", required=True)
    add = wanted.add_parser("add", help="make a partner; its token is shown this once")
    add.add_argument("name")
    add.add_argument("--procedure", action="append", required=True, metavar="ID")
    add.add_argument("--scopes", type=_words, required=True, help="of changes, dossiers, appointments, with commas")
    add.add_argument("--fields", type=_words, default=[], help="answers it needs, with commas; none without")
    add.add_argument("--per-minute", type=int, default=PER_MINUTE)
    token = wanted.add_parser("token", help="another token, shown this once; those before go on until they end")
    token.add_argument("name")
    for command in (add, token):
        command.add_argument("--days", type=int, choices=range(1, 731), default=DAYS, metavar="1-730")
    revoke = wanted.add_parser("revoke", help="let a partner in no more")
    revoke.add_argument("name")
    wanted.add_parser("list", help="partners and webhooks")
    tell = wanted.add_parser("tell", help="tell a partner of changes at an address; the secret is shown this once")
    tell.add_argument("name")
    tell.add_argument("url")
    tell.add_argument("--events", type=_words, help="of filed, taken, returned, decided, with commas; all without")
    for name, said in (
        ("rotate", "a new secret of a webhook; the one before signs for a day more"),
        ("resume", "go on with a webhook that was disabled"),
        ("forget", "tell nothing more there"),
    ):
        wanted.add_parser(name, help=said).add_argument("webhook", type=UUID)


async def run(
    connection: Connection, options: argparse.Namespace, at: datetime, key: str | None, *, loopback: bool
) -> None:
    """Do what the command says. Raises PartnerError: it cannot be done, and nothing was."""
    from reference_app.partners import destination, partner, signature, webhook
    from reference_app.partners.changes import Event

    match options.partner:
        case "add":
            async with connection.transaction():
                await partner.add(
                    connection,
                    options.name,
                    options.procedure,
                    _scopes(options.scopes),
                    options.fields,
                    options.per_minute,
                    at,
                )
                token = await partner.add_token(connection, options.name, at, options.days)
            _say(token)
        case "token":
            _say(await partner.add_token(connection, options.name, at, options.days))
        case "revoke":
            await partner.revoke(connection, options.name, at)
        case "list":
            await _list(connection)
        case "tell":
            destination.checked(options.url, loopback=loopback)
            events = list(Event) if options.events is None else _events(options.events)
            made = await webhook.add(connection, options.name, options.url, events, at)
            _say(f"{made} {signature.secret(_key(key), made, 1)}")
        case "rotate":
            generation = await webhook.rotate(connection, options.webhook, at)
            _say(signature.secret(_key(key), options.webhook, generation))
        case "resume":
            await webhook.enable(connection, options.webhook, at)
        case _:
            await webhook.delete(connection, options.webhook)


async def _list(connection: Connection) -> None:
    from reference_app.partners import partner, webhook

    for found in await partner.listed(connection):
        until = "" if found.revoked_at is None else f"\trevoked {found.revoked_at:%Y-%m-%d}"
        _say(f"{found.name}\t{','.join(found.procedures)}\t{','.join(found.scopes)}\t{','.join(found.fields)}{until}")
    for told in await webhook.listed(connection):
        if told.disabled_at is not None:
            state = f"disabled {told.disabled_at:%Y-%m-%d %H:%M}: {told.problem}"
        else:
            state = (
                "well" if told.problem is None else f"failing since {told.failing_since:%Y-%m-%d %H:%M}: {told.problem}"
            )
        _say(f"{told.id}\t{told.partner}\t{told.url}\t{state}")


def _key(key: str | None) -> str:
    from reference_app.partners.errors import PartnerError

    if key is None:
        raise PartnerError("PORTANCE_REFERENCE_WEBHOOK_KEY is not set")
    return key


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _scopes(words: list[str]) -> list[Scope]:
    from reference_app.partners.errors import PartnerError
    from reference_app.partners.partner import Scope

    try:
        return [Scope(word) for word in words]
    except ValueError as error:
        raise PartnerError(str(error)) from error


def _events(words: list[str]) -> list[Event]:
    from reference_app.partners.changes import Event
    from reference_app.partners.errors import PartnerError

    try:
        return [Event(f"dossier.{word}") for word in words]
    except ValueError as error:
        raise PartnerError(str(error)) from error
