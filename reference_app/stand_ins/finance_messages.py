"""The XML of the finance system: its own reading of docs/reference/finance.md, apart from that of the service."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # nosec B405 (only writes; what comes in is read by defusedxml)
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from reference_app.stand_ins.finance_books import Entry

NAMESPACE = "urn:portance:finance:1"
_MAX_AMOUNT = Decimal(1_000_000)


class NotUnderstoodError(Exception):
    """A message is not what the schema asks for; the text says where."""


def payment(body: bytes) -> tuple[str, str]:
    """Reference and amount of the payment asked for in ``body``. Raises NotUnderstoodError."""
    try:
        root = defusedxml.ElementTree.fromstring(body, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError) as error:
        raise NotUnderstoodError("no XML") from error
    reference = _text(root, "reference")
    amount = root.find(f"{{{NAMESPACE}}}montant")
    if amount is None or amount.get("devise") != "EUR":
        raise NotUnderstoodError("montant")
    try:
        value = Decimal(amount.text or "")
    except InvalidOperation as error:
        raise NotUnderstoodError("montant") from error
    if not (value.is_finite() and 0 < value <= _MAX_AMOUNT):
        raise NotUnderstoodError("montant")
    payee = root.find(f"{{{NAMESPACE}}}beneficiaire")
    if root.tag != f"{{{NAMESPACE}}}paiement" or payee is None or not _text(payee, "nom"):
        raise NotUnderstoodError("beneficiaire")
    return reference, f"{value:.2f}"


def receipt(entry: Entry) -> bytes:
    """The acknowledgement of an entry."""
    root = _root("accuse")
    _entry(root, entry)
    return _written(root)


def listing(day: str, entries: Iterable[Entry]) -> bytes:
    """The entries of a day."""
    root = _root("journee")
    root.set("jour", day)
    for entry in entries:
        _entry(ET.SubElement(root, f"{{{NAMESPACE}}}ecriture"), entry)
    return _written(root)


def refusal(code: str, said: str) -> bytes:
    """Why a request is not carried out."""
    root = _root("refus")
    ET.SubElement(root, f"{{{NAMESPACE}}}code").text = code
    ET.SubElement(root, f"{{{NAMESPACE}}}motif").text = said
    return _written(root)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE accuse [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
<!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;"><!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">]>
<accuse xmlns="urn:portance:finance:1"><reference>&g;</reference></accuse>"""
GARBAGE = b"<html><body>Application error: NullPointerException"


def _root(name: str) -> ET.Element:
    ET.register_namespace("", NAMESPACE)
    return ET.Element(f"{{{NAMESPACE}}}{name}")


def _entry(parent: ET.Element, entry: Entry) -> None:
    ET.SubElement(parent, f"{{{NAMESPACE}}}reference").text = entry.reference
    amount = ET.SubElement(parent, f"{{{NAMESPACE}}}montant", devise="EUR")
    amount.text = entry.amount
    ET.SubElement(parent, f"{{{NAMESPACE}}}jour").text = entry.day


def _written(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _text(node: ET.Element, name: str) -> str:
    found = node.find(f"{{{NAMESPACE}}}{name}")
    if found is None or not (found.text or "").strip():
        raise NotUnderstoodError(name)
    return (found.text or "").strip()
