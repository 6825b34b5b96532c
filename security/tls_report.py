"""What sslyze says of a server: versions, certificate, known holes, and what Mozilla's profile would have otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from security import SecurityError

_OLD = {
    "ssl_2_0_cipher_suites": "SSL 2.0",
    "ssl_3_0_cipher_suites": "SSL 3.0",
    "tls_1_0_cipher_suites": "TLS 1.0",
    "tls_1_1_cipher_suites": "TLS 1.1",
}
_CURRENT = {"tls_1_2_cipher_suites": "TLS 1.2", "tls_1_3_cipher_suites": "TLS 1.3"}
_PROFILE = re.compile(r"(?m)^ {8}\* (?P<what>\w+): (?P<said>.+)$")
# Said apart, by the facts about the certificate and the versions.
_ELSEWHERE = ("certificate_path_validation", "certificate_hostname_validation", "tls_versions")


class NotATlsReportError(SecurityError):
    """The output is not what sslyze writes, or the server could not be examined; one line says why."""


@dataclass(frozen=True)
class TlsReport:
    """What a server offers.

    Attributes:
        old: versions it should not speak any more, ``current`` those it should.
        ends: when its first certificate ends.
        names: names and addresses the certificate is for.
        trusted: whether a chain leads to an authority of the stores of browsers, or to one that was named.
        said: why it does not.
        holes: known holes by their names.
        deviations: what Mozilla's intermediate profile would have otherwise, beside versions and certificate.
    """

    old: tuple[str, ...]
    current: tuple[str, ...]
    ends: datetime
    names: tuple[str, ...]
    trusted: bool
    said: str
    holes: tuple[str, ...]
    deviations: tuple[str, ...]


def read(document: str, printed: str) -> TlsReport:
    """The report in the JSON ``document``, with the comparison that only the ``printed`` output holds.

    Raises:
        NotATlsReportError: it is no such report, or the server did not answer.
    """
    try:
        (server,) = json.loads(document)["server_scan_results"]
        if server["connectivity_status"] != "COMPLETED":
            raise NotATlsReportError("no TLS connection could be made")
        results = {name: one["result"] for name, one in server["scan_result"].items()}
        deployments = results["certificate_info"]["certificate_deployments"]
        leaf = deployments[0]["received_certificate_chain"][0]
        validations = [one for deployment in deployments for one in deployment["path_validation_results"]]
        return TlsReport(
            old=tuple(version for key, version in _OLD.items() if _speaks(results[key])),
            current=tuple(version for key, version in _CURRENT.items() if _speaks(results[key])),
            ends=datetime.fromisoformat(leaf["not_valid_after"]),
            names=(*leaf["subject_alternative_name"]["dns_names"], *leaf["subject_alternative_name"]["ip_addresses"]),
            trusted=any(one["was_validation_successful"] for one in validations),
            said=next((str(one["validation_error"]) for one in validations if one["validation_error"]), ""),
            holes=tuple(_holes(results)),
            deviations=tuple(
                f"{one['what']}: {one['said']}" for one in _PROFILE.finditer(printed) if one["what"] not in _ELSEWHERE
            ),
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise NotATlsReportError(f"its report cannot be read ({type(error).__name__})") from error


def is_for(names: tuple[str, ...], host: str) -> bool:
    """Whether a certificate for ``names`` is one for ``host``; a star stands for one label (RFC 9525, 6.3)."""
    try:
        address = ip_address(host)
    except ValueError:
        wanted = host.lower().split(".")
        return any(
            len(labels) == len(wanted) and labels[1:] == wanted[1:] and labels[0] in ("*", wanted[0])
            for labels in (name.lower().rstrip(".").split(".") for name in names)
        )
    return any(_is_address(name) and ip_address(name) == address for name in names)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _speaks(result: Mapping[str, Any]) -> bool:
    return bool(result["is_tls_version_supported"])


def _holes(results: Mapping[str, Any]) -> list[str]:
    holes = {
        "Heartbleed": results["heartbleed"]["is_vulnerable_to_heartbleed"],
        "CCS injection": results["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"],
        "ROBOT": str(results["robot"]["robot_result"]).startswith("VULNERABLE"),
        "CRIME": results["tls_compression"]["supports_compression"],
        "renegotiation": results["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"],
    }
    return [name for name, open_ in holes.items() if open_]
