"""A form with a file, read as it arrives: what stands before the file is given first, the file chunk by chunk.

Starlette's own reader writes the whole file to disk before the form can be looked at, whoever sent it and however
large it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from reference_app.pieces.limits import NOT_WHOLE, Cut

MAX_FIELD_BYTES = 4096
MAX_FIELDS = 10


@dataclass(frozen=True)
class Form:
    """What was sent: the text fields that stand before the file, and the file."""

    fields: Mapping[str, str]
    filename: str
    chunks: AsyncIterator[bytes]


async def opened(content_type: str, body: AsyncIterator[bytes]) -> Form:
    """The form in ``body``, read up to its file; without one, its fields and an empty file.

    Raises:
        Cut: it is no such form, has too many or too long fields, or ends too early; also while the file is read.
    """
    _, options = parse_options_header(content_type)
    reader = _Reader(options.get(b"boundary", b""))
    async for chunk in body:
        reader.take(chunk)
        if reader.filename is not None or reader.ended:
            break
    if reader.filename is None and not reader.ended:
        raise Cut(NOT_WHOLE)
    return Form(reader.fields, reader.filename if reader.filename is not None else "", _file(reader, body))


async def _file(reader: _Reader, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        while reader.waiting:
            yield reader.waiting.popleft()
        if reader.file_ended or reader.ended:
            return
        try:
            reader.take(await anext(body))
        except StopAsyncIteration:
            raise Cut(NOT_WHOLE) from None


class _Reader:
    """Sorts what the parser tells into fields and the first file; what comes after the file is passed over."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.waiting: deque[bytes] = deque()
        self.file_ended = self.ended = False
        self._header = self._value = self._disposition = b""
        self._name: str | None = None
        self._text = b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_goes_on,
                    "on_header_value": self._value_goes_on,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._part_ends,
                    "on_end": self._all_ends,
                },
            )
        except FormParserError:
            raise Cut(NOT_WHOLE) from None

    def take(self, chunk: bytes) -> None:
        """Read on. Raises Cut for what is no form."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise Cut(NOT_WHOLE) from None

    def _part_begins(self) -> None:
        self._disposition = b""

    def _header_goes_on(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _value_goes_on(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name, self._text = None, b""
        if self.filename is not None:
            return
        if b"filename" in options:
            self.filename = options[b"filename"].decode("utf-8", "replace").replace("%22", '"')
            return
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if len(self.fields) >= MAX_FIELDS:
            raise Cut(NOT_WHOLE)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._name is None:
            if not self.file_ended:
                self.waiting.append(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > MAX_FIELD_BYTES:
            raise Cut(NOT_WHOLE)

    def _part_ends(self) -> None:
        if self._name is not None:
            self.fields[self._name] = self._text.decode("utf-8", "replace")
            self._name = None
        elif self.filename is not None:
            self.file_ended = True

    def _all_ends(self) -> None:
        self.ended = True
