"""The rules of bandit in our own words: severity on CVSS bands, CWE, ASVS 5.0.0, remedy.

bandit grades how sure a pattern is to be dangerous somewhere; these severities say what the pattern lets an attacker do
in a public service. Imports alone, and patterns that are dangerous only with untrusted data, are low.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scorecard.evidence import Severity
from security.rules import Rule, lowered

_C, _H, _M, _L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

# bandit goes by the name of a variable alone; the values are judged by the search for secrets.
_SECRET = Rule(_L, "CWE-798", "v5.0.0-13.3.1", "Take the value from the environment or a vault, and change it there.")
_SHELL = Rule(_H, "CWE-78", "v5.0.0-1.2.5", "Pass the arguments as a list and without a shell.")
_SUBPROCESS = Rule(_L, "CWE-78", "v5.0.0-1.2.5", "Check that no argument comes from a user, and give the full path.")
_PICKLE = Rule(_H, "CWE-502", "v5.0.0-1.5.2", "Exchange data as JSON checked against a schema; never unpickle input.")
_XML = Rule(_M, "CWE-611", "v5.0.0-1.5.1", "Parse XML with defusedxml, which refuses external entities.")
_XML_IMPORT = Rule(_L, "CWE-611", "v5.0.0-1.5.1", _XML.remedy)
_HASH = Rule(_H, "CWE-327", "v5.0.0-11.4.1", "Use SHA-256 or better; for passwords, Argon2id or scrypt.")
_CIPHER = Rule(_H, "CWE-327", "v5.0.0-11.3.2", "Use AES-GCM or ChaCha20-Poly1305 from the cryptography package.")
_TLS_OFF = Rule(_H, "CWE-295", "v5.0.0-12.3.2", "Let the client verify certificates; trust a private CA by its file.")
_TLS_OLD = Rule(_H, "CWE-327", "v5.0.0-12.1.1", "Use ssl.create_default_context(), which takes TLS 1.2 or later.")
_CLEARTEXT = Rule(_H, "CWE-319", "v5.0.0-12.3.1", "Use a protocol over TLS or SSH instead.")
_CLEARTEXT_IMPORT = Rule(_M, "CWE-319", "v5.0.0-12.3.1", _CLEARTEXT.remedy)
_EVAL = Rule(_H, "CWE-95", "v5.0.0-1.3.2", "Do not run text as code; parse it, or choose from a table of functions.")
_SQL = Rule(_H, "CWE-89", "v5.0.0-1.2.4", "Pass values as query parameters; compose identifiers with psycopg.sql.")
_XSS = Rule(_M, "CWE-79", "v5.0.0-1.2.1", "Let the template engine escape, and mark no text of a user as safe.")
_TEMP = Rule(_M, "CWE-377", "v5.0.0-15.4.2", "Use the tempfile module (mkstemp, TemporaryDirectory).")
_SWALLOWED = Rule(_L, "CWE-703", "v5.0.0-16.5.3", "Name the exceptions expected here, and log the others.")
_REMOTE_CODE = Rule(_M, "CWE-494", "v5.0.0-15.2.4", "Load only files whose origin and digest are fixed.")

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "B101": Rule(_L, "CWE-617", "", "Raise an exception where the check must hold: -O removes assertions."),
        "B102": _EVAL,
        "B103": Rule(_M, "CWE-732", "", "Give files the narrowest mode that works (0o600, 0o640)."),
        "B104": Rule(_L, "CWE-605", "", "Bind to the address that the platform routes to, taken from the settings."),
        "B105": _SECRET,
        "B106": _SECRET,
        "B107": _SECRET,
        "B108": _TEMP,
        "B110": _SWALLOWED,
        "B112": _SWALLOWED,
        "B113": Rule(_M, "CWE-400", "v5.0.0-13.2.6", "Give every outgoing request a timeout."),
        "B201": Rule(_C, "CWE-94", "v5.0.0-13.4.2", "Never run the debugger where others can reach it."),
        "B202": Rule(
            _H, "CWE-22", "v5.0.0-5.3.3", "Extract with filter='data', which refuses paths out of the folder."
        ),
        "B301": _PICKLE,
        "B302": _PICKLE,
        "B303": _HASH,
        "B304": _CIPHER,
        "B305": _CIPHER,
        "B306": _TEMP,
        "B307": _EVAL,
        "B308": _XSS,
        "B310": Rule(_M, "CWE-918", "v5.0.0-1.3.6", "Check the scheme and the host against a list before opening."),
        "B311": Rule(_L, "CWE-330", "v5.0.0-11.5.1", "Draw anything that must not be guessed from the secrets module."),
        "B312": _CLEARTEXT,
        **dict.fromkeys(("B313", "B314", "B315", "B316", "B317", "B318", "B319"), _XML),
        "B321": _CLEARTEXT,
        "B323": _TLS_OFF,
        "B324": _HASH,
        "B401": _CLEARTEXT_IMPORT,
        "B402": _CLEARTEXT_IMPORT,
        "B403": Rule(_L, "CWE-502", "v5.0.0-1.5.2", _PICKLE.remedy),
        "B404": Rule(_L, "CWE-78", "v5.0.0-1.2.5", _SUBPROCESS.remedy),
        **dict.fromkeys(("B405", "B406", "B407", "B408", "B409"), _XML_IMPORT),
        "B411": _XML,
        "B412": Rule(_H, "CWE-284", "", "Serve the application through WSGI or ASGI instead of CGI."),
        "B413": _CIPHER,
        "B415": _CLEARTEXT_IMPORT,
        "B501": _TLS_OFF,
        "B502": _TLS_OLD,
        "B503": _TLS_OLD,
        "B504": _TLS_OLD,
        "B505": Rule(_H, "CWE-326", "v5.0.0-11.2.3", "Use RSA keys of 3072 bits or more, or elliptic curves of 256."),
        "B506": Rule(_H, "CWE-502", "v5.0.0-1.5.2", "Use yaml.safe_load."),
        "B507": Rule(_H, "CWE-295", "v5.0.0-12.3.1", "Know the host key and refuse others."),
        "B508": _CLEARTEXT,
        "B509": _CLEARTEXT,
        "B601": _SHELL,
        "B602": _SHELL,
        "B603": _SUBPROCESS,
        "B604": Rule(_M, "CWE-78", "v5.0.0-1.2.5", _SHELL.remedy),
        "B605": _SHELL,
        "B606": _SUBPROCESS,
        "B607": _SUBPROCESS,
        "B608": _SQL,
        "B609": Rule(_M, "CWE-155", "v5.0.0-1.2.5", "Pass the list of files instead of a wildcard."),
        "B610": _SQL,
        "B611": _SQL,
        "B612": Rule(_H, "CWE-94", "", "Do not take logging configuration from a socket."),
        "B613": Rule(_H, "CWE-838", "", "Remove the invisible direction marks from the file."),
        "B614": _REMOTE_CODE,
        "B615": _REMOTE_CODE,
        "B701": Rule(_H, "CWE-79", "v5.0.0-1.2.1", "Make the environment with autoescape=select_autoescape()."),
        "B702": Rule(_M, "CWE-79", "v5.0.0-1.2.1", "Give Mako default_filters=['h']."),
        "B703": _XSS,
        "B704": _XSS,
    }
)

_TOOL_SEVERITY = {"HIGH": _H, "MEDIUM": _M, "LOW": _L}
_UNLISTED = "Read what the rule says, and fix or justify it."


def rule(code: str, *, tool_severity: str, confidence: str, cwe: int | None) -> Rule:
    """The rule for ``code``, one band lower where bandit itself has low confidence.

    A rule newer than this table keeps the severity bandit gives it; one without a severity counts as medium.
    """
    known = RULES.get(code)
    if known is None:
        known = Rule(_TOOL_SEVERITY.get(tool_severity, _M), f"CWE-{cwe}" if cwe else "", "", _UNLISTED)
    if confidence != "LOW":
        return known
    return Rule(lowered(known.severity), known.cwe, known.asvs, known.remedy)
