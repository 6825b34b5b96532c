"""``portance init``: look at a service, or at nothing yet, and write a ``portance.toml`` that is ready to run."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

from loadtests.har import HarError, journey_of
from loadtests.openapi import Operation
from loadtests.openapi_journeys import candidates, journeys, left_out, request_path
from scorecard import project
from scorecard.cli.errors import CommandError
from scorecard.cli.init_file import Draft, render
from scorecard.cli.init_probe import Answer, Tried, ask, find_document, health_path, probe
from scorecard.evidence import Text
from scorecard.project_journeys import Journey, Step


def initialise(
    url: str | None,
    folder: Path,
    *,
    openapi: str | None,
    name: str | None,
    client: httpx.Client,
    lang: str,
    force: bool = False,
    har: Path | None = None,
) -> Path:
    """Write ``folder/portance.toml`` and return its path; the file loads, and is written whole or not at all.

    With ``url`` the service is asked, with GET only and within bounds, what it describes and what works; without,
    the file is a template for a service that a command starts.

    Args:
        openapi: path of the OpenAPI document on the service; the usual ones are tried when it is None.
        name: name of the service; else the title of the document, the host, or the folder.
        lang: language of the comments, "en" or "fr".
        force: replace a file that is there.
        har: recording of a browser to take the journey from; the service is then not asked anything.

    Raises:
        CommandError: a file is there already, the service does not answer, or its OpenAPI document is broken.
        OSError: the file cannot be written.
    """
    path = folder / project.FILE_NAME
    if path.exists() and not force:
        raise CommandError(
            Text(
                en=f"{path}: exists already; --force replaces it",
                fr=f"{path} : existe déjà ; --force le remplace",
            )
        )
    if har is not None:
        draft = _recording(har, None if url is None else base_url(url), name, openapi)
    else:
        draft = _template(folder, name, openapi) if url is None else _look(client, base_url(url), name, openapi)
    content = render(draft, lang).encode()
    project.parse(content, str(path))
    _write(content, path)
    return path


def base_url(url: str) -> str:
    """``url`` as a target may be given: http or https, a host, no credentials, no query, no slash at the end.

    Raises:
        CommandError: it is not such an address.
    """
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise _bad_url(url, str(error), str(error)) from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _bad_url(url, "write it as http://host:port", "écrivez-la http://hôte:port")
    if parsed.userinfo:
        raise _bad_url(
            url, "a project file must hold no password", "un fichier de projet ne contient pas de mot de passe"
        )
    if parsed.query or parsed.fragment:
        raise _bad_url(url, "give it without what follows ? or #", "donnez-la sans ce qui suit ? ou #")
    return str(parsed).rstrip("/")


def _bad_url(url: str, en: str, fr: str) -> CommandError:
    shown = ascii(url.split("@")[-1])[1:-1][:200]  # what stands before @ may be a password
    return CommandError(Text(en=f"{shown}: not a usable address: {en}", fr=f"{shown} : adresse inutilisable : {fr}"))


def _template(folder: Path, name: str | None, openapi: str | None) -> Draft:
    """A service of one's own: parts of it that lie in ``folder`` under their usual names are taken up."""
    requirements = "requirements.txt" if (folder / "requirements.txt").is_file() else None
    source = "src" if (folder / "src").is_dir() else None
    manifests = next((m for m in ("deploy", "k8s", "manifests") if (folder / m).is_dir()), None)
    return Draft(
        name=_named(name, folder.resolve().name),
        openapi=openapi,
        requirements=requirements,
        source=source,
        manifests=manifests,
        journeys=(_visit(200),),
    )


def _recording(har: Path, url: str | None, name: str | None, openapi: str | None) -> Draft:
    try:
        recorded = journey_of(har.read_bytes(), origin=url)
    except OSError as error:
        raise CommandError(
            Text(en=f"{har}: cannot be read ({error.strerror})", fr=f"{har} : illisible ({error.strerror})")
        ) from error
    except HarError as error:
        raise CommandError(Text(en=f"{har}: {error}", fr=f"{har} : {error}")) from error
    return Draft(
        name=_named(name, httpx.URL(recorded.origin).host),
        url=recorded.origin,
        openapi=openapi,
        documented=openapi is not None,
        journeys=(recorded.journey,),
        recorded=recorded.notes,
    )


def _look(client: httpx.Client, base: str, name: str | None, openapi: str | None) -> Draft:
    home = ask(client, base + "/")
    if home.unreachable:
        raise _dead(base, home)
    health = health_path(client, base, home)
    if home.failure is not None and health is None:
        raise _dead(base, home)
    parsed = httpx.URL(base)
    base_path = parsed.path.rstrip("/")
    found = find_document(client, base, _document_path(openapi, base))
    if found is None:
        return Draft(
            name=_named(name, parsed.host),
            url=base,
            base_path=base_path,
            health=_unless_default(health),
            journeys=(_visit(home.status),) if home.success else (),
        )
    where, api = found
    reading, writes = _sorted_out(api.operations)
    worth = candidates(reading)
    tried = probe(client, base, base_path, worth)
    kept = [t.operation for t in tried if t.why_not is None]
    unread = [Tried(o, left_out(o)) for o in reading if left_out(o) is not None]
    return Draft(
        name=_named(name, api.title, parsed.host),
        url=base,
        base_path=base_path,
        openapi=where,
        documented=True,
        health=_unless_default(health if health is not None else where),  # the document itself answered
        pages=None if home.success or not kept else (request_path(kept[0], base_path),),
        journeys=tuple(journeys(kept, base_path)),
        left_out=(*(t for t in tried if t.why_not is not None), *unread),
        untried=len(worth) - len(tried),
        writes=tuple(writes),
    )


def _unless_default(health: str | None) -> str | None:
    return None if health == "/" else health


def _dead(base: str, home: Answer) -> CommandError:
    why = home.failure or Text(en="no answer", fr="pas de réponse")
    return CommandError(
        Text(en=f"{base}: the service does not answer: {why.en}", fr=f"{base} : le service ne répond pas : {why.fr}")
    )


def _document_path(openapi: str | None, base: str) -> str | None:
    """The path as it goes behind ``base``, whether given with the address, with a slash, or without."""
    if openapi is None:
        return None
    if openapi.startswith(("http://", "https://")) and not openapi.startswith(base + "/"):
        raise CommandError(
            Text(
                en=f"{openapi}: the OpenAPI document must be on the service itself, {base}",
                fr=f"{openapi} : le document OpenAPI doit se trouver sur le service lui-même, {base}",
            )
        )
    return "/" + openapi.removeprefix(base).lstrip("/")


def _sorted_out(operations: tuple[Operation, ...]) -> tuple[list[Operation], list[Operation]]:
    reading = [o for o in operations if o.method == "GET"]
    writes = [o for o in operations if o.method != "GET" and not o.unreadable and not o.deprecated]
    return reading, writes


def _visit(status: int) -> Journey:
    return Journey(name="visit", steps=(Step(get="/", expect=status),))


def _named(*names: str | None) -> str:
    """The first name of which something readable is left."""
    for name in names:
        line = " ".join("".join(c if c.isprintable() else " " for c in name or "").split())
        if line:
            return line[:200]
    return "service"


def _write(content: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
