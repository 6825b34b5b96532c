"""What a running service answers to a few careful GET requests: is it there, what does it describe, what works."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import httpx

from loadtests.openapi import Api, OpenApiError, Operation, read
from loadtests.openapi_document import MAX_BYTES
from loadtests.openapi_journeys import request_headers, request_path
from scorecard.cli.errors import CommandError
from scorecard.evidence import Text

DOCUMENT_PATHS = (
    "/openapi.json",
    "/swagger.json",
    "/spec.json",
    "/v3/api-docs",
    "/v2/api-docs",
    "/api/openapi.json",
    "/api-docs",
    "/api/schema/",
    "/openapi.yaml",
)
"""Where FastAPI, Swagger tools, flasgger, Spring, Nest and Django REST serve the document."""

HEALTH_PATHS = ("/readyz", "/healthz", "/health", "/livez")
TIMEOUT_S = 3.0
SLOW_S = 1.0
"""A single person alone waits longer than 1 s: the limit of an unbroken train of thought (Nielsen, 1993)."""

MAX_PROBES = 60
MAX_PROBING_S = 60.0
_MAX_ANSWER_BYTES = 5_000_000
_DIALECT = re.compile(rb"""\b(openapi|swagger)["']?\s*:""")

Clock = Callable[[], float]


@dataclass(frozen=True)
class Answer:
    """What came back: ``failure`` says why no whole answer did, and then the rest means nothing."""

    status: int = 0
    media: str = ""
    body: bytes = b""
    seconds: float = 0.0
    failure: Text | None = None
    unreachable: bool = False

    @property
    def success(self) -> bool:
        """Whether a whole answer came, with a 2xx status."""
        return self.failure is None and 200 <= self.status < 300


@dataclass(frozen=True)
class Tried:
    """An operation that was tried: without ``why_not`` it belongs in a journey, if it ``works`` it may be put in."""

    operation: Operation
    why_not: Text | None = None
    works: bool = False


def ask(
    client: httpx.Client,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    max_bytes: int = _MAX_ANSWER_BYTES,
    clock: Clock = time.monotonic,
) -> Answer:
    """GET ``url`` once, within :data:`TIMEOUT_S` for the whole answer; redirects are not followed, cookies not kept."""
    started = clock()
    body = bytearray()
    try:
        with client.stream("GET", url, headers=headers, follow_redirects=False, timeout=TIMEOUT_S) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if clock() - started > TIMEOUT_S:
                    return _failed(
                        f"no whole answer within {TIMEOUT_S:g} s", f"pas de réponse complète en {TIMEOUT_S:g} s"
                    )
                if len(body) > max_bytes:
                    size = max_bytes // 1_000_000
                    return _failed(f"the answer is larger than {size} MB", f"la réponse dépasse {size} Mo")
    except httpx.TimeoutException:
        return _failed(f"no whole answer within {TIMEOUT_S:g} s", f"pas de réponse complète en {TIMEOUT_S:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        unreachable = isinstance(error, httpx.ConnectError)
        detail = _one_line(str(error)) or type(error).__name__
        return replace(_failed(f"no answer ({detail})", f"pas de réponse ({detail})"), unreachable=unreachable)
    finally:
        client.cookies.clear()
    media = response.headers.get("content-type", "").split(";")[0].strip().lower()
    return Answer(response.status_code, media, bytes(body), clock() - started)


def health_path(client: httpx.Client, base: str, home: Answer) -> str | None:
    """The first usual path that tells that the service is ready, else ``/`` if it answered (``home``), else None."""
    for path in HEALTH_PATHS:
        answer = ask(client, base + path)
        if answer.success and answer.body != home.body:  # many services answer their home page everywhere
            return path
    return "/" if home.failure is None and 200 <= home.status < 400 else None


def find_document(client: httpx.Client, base: str, path: str | None) -> tuple[str, Api] | None:
    """Path and content of the service's OpenAPI document; None if it is at none of the usual places.

    Raises:
        CommandError: ``path`` was given and holds no usable document, or one was found and it is broken.
    """
    for candidate in DOCUMENT_PATHS if path is None else (path,):
        answer = ask(client, base + candidate, max_bytes=MAX_BYTES)
        if not answer.success:
            if path is None:
                continue
            why = answer.failure or Text(en=f"answers {answer.status}", fr=f"répond {answer.status}")
            raise CommandError(Text(en=f"{base}{candidate}: {why.en}", fr=f"{base}{candidate} : {why.fr}"))
        if path is None and not _describes_an_api(answer):
            continue
        try:
            return candidate, read(answer.body)
        except OpenApiError as error:
            raise CommandError(
                Text(
                    en=f"{base}{candidate}: the OpenAPI document cannot be used: {error}",
                    fr=f"{base}{candidate} : le document OpenAPI est inutilisable : {error}",
                )
            ) from error
    return None


def probe(
    client: httpx.Client, base: str, base_path: str, operations: Sequence[Operation], clock: Clock = time.monotonic
) -> list[Tried]:
    """Try each operation once, with GET: the first :data:`MAX_PROBES`, or those that :data:`MAX_PROBING_S` allows.

    Those that answer a success get the status that was seen in place of the documented one.
    """
    started = clock()
    found = []
    for operation in operations[:MAX_PROBES]:
        if clock() - started > MAX_PROBING_S:
            break
        url = base + request_path(operation, base_path)
        answer = ask(client, url, dict(request_headers(operation)), clock=clock)
        seen = replace(operation, success=answer.status)
        why_not = _why_not(operation, answer)
        if why_not is not None:
            found.append(Tried(operation, why_not))
        elif answer.seconds >= SLOW_S:
            found.append(Tried(seen, _slow(answer.seconds), works=True))
        else:
            found.append(Tried(seen, works=True))
    return found


def _why_not(operation: Operation, answer: Answer) -> Text | None:
    if answer.failure is not None:
        return answer.failure
    status = answer.status
    invented = ", ".join(p.name for p in operation.parameters if p.invented)
    if status in (401, 403):
        return Text(en=f"answers {status}: needs credentials", fr=f"répond {status} : demande une authentification")
    if status == 429:
        return Text(en="answers 429: calls are limited", fr="répond 429 : les appels sont limités")
    if 300 <= status < 400:
        return Text(en=f"answers {status}: a redirect", fr=f"répond {status} : une redirection")
    if 400 <= status < 500 and invented:
        return Text(
            en=f"answers {status} to an invented value of {invented}: give one that exists",
            fr=f"répond {status} à une valeur inventée de {invented} : donnez-en une qui existe",
        )
    if not answer.success:
        return Text(en=f"answers {status} to one request alone", fr=f"répond {status} à une seule requête")
    if answer.media == "text/html" and operation.media and not _page_documented(operation.media):
        documented = operation.media[0]
        return Text(
            en=f"answers a page where {documented} is documented",
            fr=f"répond une page là où {documented} est documenté",
        )
    return None


def _page_documented(media: tuple[str, ...]) -> bool:
    return any(m in ("text/html", "text/*", "*/*") for m in media)


def _slow(seconds: float) -> Text:
    shown = f"{seconds:.1f}"
    return Text(
        en=f"took {shown} s alone; if people wait for it, put it back, without it the result flatters:",
        fr=f"a pris {shown.replace('.', ',')} s à elle seule ; si des usagers l’attendent, remettez-la, sans elle le "
        "résultat flatte :",
    )


def _describes_an_api(answer: Answer) -> bool:
    """Whether this is meant as an API description, sound or not: many services answer their home page everywhere."""
    return not answer.body.lstrip().startswith(b"<") and _DIALECT.search(answer.body) is not None


def _failed(en: str, fr: str) -> Answer:
    return Answer(failure=Text(en=en, fr=fr))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:120]
