"""The workers of a load on other machines, as the options of ``portance run`` name them."""

from __future__ import annotations

from loadtests.joining import AddressError, address_of
from scorecard.cli.errors import CommandError
from scorecard.cli.language import Lang
from scorecard.evidence import Text
from scorecard.site import LoadWorkers


def load_workers(listen: str, count: int) -> LoadWorkers:
    """The workers that join at ``listen``. Raises CommandError when that is no address."""
    host, port = address("--workers-listen", listen)
    return LoadWorkers(host, port, count)


def address(option: str, given: str) -> tuple[str, int]:
    """Host and port that ``option`` was given. Raises CommandError when that is no address."""
    try:
        return address_of(given)
    except AddressError as error:
        raise CommandError(
            Text(
                en=f"{option}: {given!r} is not HOST:PORT, such as 192.0.2.1:5557",
                fr=f"{option}\u202f: {given!r} n’est pas de la forme HÔTE:PORT, comme 192.0.2.1:5557",
            )
        ) from error


def invitation(workers: LoadWorkers, lang: Lang) -> str:
    """What to start on the other machines, and until when."""
    command = f"portance load-worker --master {workers.host}:{workers.port}"
    return Text(
        en=f"The load waits for {workers.count} load worker(s), five minutes at most. Elsewhere: {command}",
        fr=f"La charge attend {workers.count} processus de charge, cinq minutes au plus. Ailleurs\u202f: {command}",
    ).in_(lang)
