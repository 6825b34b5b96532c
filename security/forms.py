"""The forms and links of a page, read without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form: where it goes, how, what its fields hold before anybody types, and which of them take a file."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """What a page offers to follow or to send."""

    forms: tuple[Form, ...]
    links: tuple[str, ...]


def read(html: str) -> Page:
    """The forms and the links of ``html``, whatever is wrong with it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(tuple(reader.forms), tuple(reader.links))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: "" if value is None else value for name, value in attrs}
        match tag:
            case "form":
                self._open = Form(given.get("action", ""), given.get("method", "get").upper())
                self.forms.append(self._open)
            case "input" if self._open is not None and given.get("name") and given.get("type", "").lower() == "file":
                self._open.files.append(given["name"])
            case "input" | "button" | "textarea" | "select" if self._open is not None and given.get("name"):
                self._open.fields[given["name"]] = given.get("value", "")
            case "a" if "href" in given:
                self.links.append(given["href"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
