"""The XML spoken with the finance system (docs/reference/finance.md): payments out, acknowledgements and lists in."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # nosec B405 (only writes; what comes in is read by defusedxml)
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from reference_app.deliveries.errors import GarbledError

NAMESPACE = "urn:portance:finance:1"
MEDIA_TYPE = "application/xml"


@dataclass(frozen=True, slots=True)
class Payment:
    """What is to be paid: euros, to whom, where when that is known."""

    reference: str
    amount: int
    payee: str
    siret: str | None
    account: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A payment as the finance system has it in its books."""

    reference: str
    amount: Decimal
    day: date


def payment(asked: Payment) -> bytes:
    """The message that asks for a payment."""
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_tag("paiement"))
    ET.SubElement(root, _tag("reference")).text = asked.reference
    ET.SubElement(root, _tag("montant"), devise="EUR").text = f"{asked.amount}.00"
    payee = ET.SubElement(root, _tag("beneficiaire"))
    ET.SubElement(payee, _tag("nom")).text = asked.payee
    for name, value in (("siret", asked.siret), ("compte", asked.account)):
        if value is not None:
            ET.SubElement(payee, _tag(name)).text = value
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def acknowledged(body: bytes) -> Entry:
    """The entry that ``body`` acknowledges. Raises GarbledError."""
    return _entry(_read(body, "accuse"))


def refusal(body: bytes) -> tuple[str, str]:
    """The code and the words of a refusal. Raises GarbledError."""
    root = _read(body, "refus")
    return _text(root, "code"), _text(root, "motif")


def listing(body: bytes) -> list[Entry]:
    """The entries of a day. Raises GarbledError."""
    return [_entry(node) for node in _read(body, "journee").iterfind(_tag("ecriture"))]


def _read(body: bytes, root: str) -> ET.Element:
    try:
        node: ET.Element = defusedxml.ElementTree.fromstring(body, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise GarbledError("no XML that may be read") from error
    if node.tag != _tag(root):
        raise GarbledError(f"no {root}")
    return node


def _entry(node: ET.Element) -> Entry:
    amount = node.find(_tag("montant"))
    if amount is None or amount.get("devise") != "EUR":
        raise GarbledError("montant")
    try:
        value, day = Decimal(amount.text or ""), date.fromisoformat(_text(node, "jour"))
    except (InvalidOperation, ValueError) as error:
        raise GarbledError("montant or jour") from error
    if not value.is_finite():
        raise GarbledError("montant")
    return Entry(_text(node, "reference"), value, day)


def _text(node: ET.Element, name: str) -> str:
    found = node.find(_tag(name))
    if found is None or not (found.text or "").strip():
        raise GarbledError(name)
    return (found.text or "").strip()


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
