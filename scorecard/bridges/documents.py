"""Files of other tools as documents: bytes in, JSON, XML or YAML out, or one line that says what is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import yaml
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from scorecard.bridges.foreign import BridgeError
from scorecard.evidence import Text

MOST_BYTES = 64 * 1024 * 1024


def json_document(content: bytes) -> Any:
    """The JSON document. Raises BridgeError: too large, not UTF-8, not JSON, or with numbers that are none."""
    try:
        return json.loads(_decoded(content), parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise _not_valid("JSON", error) from error


def json_object(content: bytes) -> dict[str, Any]:
    """The JSON document, an object. Raises BridgeError like :func:`json_document`, or where it is something else."""
    document = json_document(content)
    if not isinstance(document, dict):
        raise BridgeError(Text(en="not a JSON object", fr="pas un objet JSON"))
    return document


def xml_document(content: bytes) -> Element:
    """The root of the XML document, entities and external references refused. Raises BridgeError."""
    try:
        root: Element = fromstring(_checked(content))
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise _not_valid("XML", error) from error
    return root


def yaml_object(content: bytes) -> dict[str, Any]:
    """The YAML document, a mapping. Raises BridgeError."""
    try:
        document = yaml.safe_load(_decoded(content))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _not_valid("YAML", error) from error
    if not isinstance(document, dict):
        raise BridgeError(Text(en="not a YAML mapping", fr="pas un dictionnaire YAML"))
    return document


def moment(value: object) -> datetime | None:
    """An ISO 8601 date and time, in UTC where it names no zone; None where ``value`` is none."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def mapping(value: object) -> dict[str, Any]:
    """``value`` where it is a mapping, else an empty one: what other tools leave out is looked up as missing."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """``value`` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def _checked(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise BridgeError(Text(en=f"larger than {most} MiB", fr=f"plus de {most} Mio"))
    return content


def _decoded(content: bytes) -> str:
    try:
        return _checked(content).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BridgeError(
            Text(en=f"not UTF-8 text (byte {error.start})", fr=f"pas du texte UTF-8 (octet {error.start})")
        ) from error


def _not_valid(what: str, error: Exception) -> BridgeError:
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BridgeError(Text(en=f"not valid {what}: {line}", fr=f"{what} non valide : {line}"))


def _refused(name: str) -> object:
    raise ValueError(f"{name} is no number")
