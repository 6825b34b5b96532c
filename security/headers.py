"""Headers that tell a browser what to refuse, and those that tell an attacker what runs here."""

from __future__ import annotations

import re
from collections.abc import Callable

from scorecard.evidence import Fact, Severity, Text, Unit
from security.observation import Seen, count, unknown, yes_no
from security.rules import Hit, Rule
from security.visits import Visit

_FRAMING = Rule(
    Severity.MEDIUM, "CWE-1021", "v5.0.0-3.4.6", "Send Content-Security-Policy: frame-ancestors 'none' on every page."
)
_SNIFFING = Rule(Severity.LOW, "CWE-430", "v5.0.0-3.4.4", "Send X-Content-Type-Options: nosniff on every answer.")
_REFERRER = Rule(
    Severity.LOW, "CWE-200", "v5.0.0-3.4.5", "Send Referrer-Policy: strict-origin-when-cross-origin, or stricter."
)
_PERMISSIONS = Rule(
    Severity.LOW, "CWE-693", "", "Send Permissions-Policy and switch off what the service does not use."
)
_HSTS = Rule(
    Severity.MEDIUM, "CWE-319", "v5.0.0-3.4.1", "Send Strict-Transport-Security: max-age=31536000; includeSubDomains."
)
_CSP = Rule(
    Severity.MEDIUM,
    "CWE-79",
    "v5.0.0-3.4.3",
    "Send Content-Security-Policy: default-src 'self'; object-src 'none'; base-uri 'none', without unsafe-inline.",
)
_VERSION = Rule(Severity.LOW, "CWE-200", "v5.0.0-13.4.6", "Let the server not tell its version.")

_WEAK_REFERRER = ("", "unsafe-url", "no-referrer-when-downgrade")
_OPEN_SOURCES = frozenset({"*", "http:", "https:", "data:", "'unsafe-inline'"})
_NO_PAGE = Text(
    en="none of target.pages answered with a page, so its headers are not known",
    fr="aucune des pages de target.pages n’a répondu par une page : ses en-têtes ne sont pas connus",
)
_NO_HTML = Text(
    en="none of target.pages is an HTML page, which a content security policy is for",
    fr="aucune des pages de target.pages n’est une page HTML, à quoi sert une politique de sécurité du contenu",
)
_HTTP_ONLY = Text(
    en="the service is reached over http, where a browser ignores Strict-Transport-Security",
    fr="le service est joint en http, où le navigateur ignore Strict-Transport-Security",
)


def look(pages: list[Visit], gap: Text | None, *, encrypted: bool) -> Seen:
    """Facts about the headers of ``pages`` (answers below 400); ``gap`` says which pages are not among them."""
    html = [page for page in pages if page.is_html]
    hits: list[Hit] = []
    missing = 0
    for header, what, present, concerned in _wanted(pages, html, encrypted=encrypted):
        bare = [page for page in concerned if not present(page)]
        missing += bool(bare)
        hits += [_missing(header, what, page) for page in bare]
    telling = [(page, *told) for page in pages for told in _versions(page)]
    hits += [_telling(page, name, value) for page, name, value in telling]
    unrestricted = [page for page in html if not restricts_scripts(page)]
    hits += [_missing("Content-Security-Policy", _CSP, page) for page in unrestricted]
    nothing = gap if gap is not None else _NO_PAGE
    csp: bool | None = False if unrestricted else True if html and gap is None else None
    return Seen(
        facts=(
            count("security.headers_missing", missing, nothing if not pages else gap, f"{len(pages)} pages"),
            yes_no("security.csp", csp, gap if gap is not None else _NO_HTML),
            _hsts_fact(pages, nothing, encrypted=encrypted),
            yes_no("security.version_exposed", True if telling else False if pages and gap is None else None, nothing),
        ),
        hits=tuple(hits),
        gap=nothing if not pages else gap,
    )


def restricts_scripts(page: Visit) -> bool:
    """Whether a content security policy of ``page`` keeps out scripts that the page does not name.

    One that allows any source, or inline scripts without nonce or hash, keeps out none.
    """
    return any(_restricts(policy) for header in page.all("content-security-policy") for policy in header.split(","))


def _restricts(policy: str) -> bool:
    directives: dict[str, list[str]] = {}
    for words in (directive.split() for directive in policy.lower().split(";")):
        if words:
            directives.setdefault(words[0], words[1:])
    sources = directives.get("script-src", directives.get("default-src"))
    if sources is None:
        return False
    named = any(source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for source in sources)
    # With a nonce or a hash, browsers ignore 'unsafe-inline'; with 'strict-dynamic' the lists of hosts too.
    ignored = {"'unsafe-inline'"} if named else set()
    if named and "'strict-dynamic'" in sources:
        ignored |= _OPEN_SOURCES
    return not (_OPEN_SOURCES - ignored) & set(sources)


def _wanted(
    pages: list[Visit], html: list[Visit], *, encrypted: bool
) -> list[tuple[str, Rule, Callable[[Visit], bool], list[Visit]]]:
    wanted: list[tuple[str, Rule, Callable[[Visit], bool], list[Visit]]] = [
        ("X-Content-Type-Options", _SNIFFING, _refuses_sniffing, pages),
        ("X-Frame-Options", _FRAMING, _refuses_framing, html),
        ("Referrer-Policy", _REFERRER, _limits_referrer, html),
        ("Permissions-Policy", _PERMISSIONS, lambda page: bool(page.header("permissions-policy")), html),
    ]
    if encrypted:
        wanted.append(("Strict-Transport-Security", _HSTS, lambda page: bool(_max_age(page)), pages))
    return wanted


def _refuses_sniffing(page: Visit) -> bool:
    return page.header("x-content-type-options").split(",")[0].strip() == "nosniff"


def _refuses_framing(page: Visit) -> bool:
    if page.header("x-frame-options").split(",")[0].strip() in ("deny", "sameorigin"):
        return True
    ancestors = re.search(r"frame-ancestors([^;,]*)", page.header("content-security-policy"))
    return ancestors is not None and not {"*", "http:", "https:"} & set(ancestors[1].split())


def _limits_referrer(page: Visit) -> bool:
    return page.header("referrer-policy").split(",")[-1].strip() not in _WEAK_REFERRER


def _max_age(page: Visit) -> int | None:
    found = re.search(r"max-age\s*=\s*\"?(\d{1,12})", page.header("strict-transport-security"))
    return None if found is None else int(found[1])


def _hsts_fact(pages: list[Visit], gap: Text, *, encrypted: bool) -> Fact:
    if not encrypted:
        return unknown("security.hsts_max_age", Unit.SECOND, _HTTP_ONLY)
    if not pages:
        return unknown("security.hsts_max_age", Unit.SECOND, gap)
    ages = [_max_age(page) for page in pages]
    return Fact(
        id="security.hsts_max_age",
        value=min(0 if age is None else age for age in ages),
        unit=Unit.SECOND,
        detail=f"shortest over {len(pages)} pages, 0 where it is absent",
    )


def _versions(page: Visit) -> list[tuple[str, str]]:
    names = ("server", "x-powered-by", "x-aspnet-version", "x-generator")
    return [(name, page.header(name)) for name in names if re.search(r"\d+\.\d", page.header(name))]


def _missing(header: str, what: Rule, page: Visit) -> Hit:
    return Hit(
        category="headers",
        rule="header-" + header.lower(),
        what=what,
        location=page.place,
        place=page.place,
        trait=header,
        message=f"{header} is absent, or too weak to protect the page.",
        confidence="HIGH",
    )


def _telling(page: Visit, name: str, value: str) -> Hit:
    return Hit(
        category="headers",
        rule="header-version",
        what=_VERSION,
        location=page.place,
        place=page.place,
        trait=name,
        message=f"The header {name} tells the version: {value[:80]}",
        confidence="HIGH",
    )
