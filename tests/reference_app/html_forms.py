"""The forms of a page as a browser reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class HtmlForm:
    """One form: where it goes, what it would send as it stands, the fields that somebody types in, and how much."""

    action: str
    method: str
    encoding: str
    sent: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    longest: dict[str, int] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self._open: HtmlForm | None = None
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = {name: value if value is not None else "" for name, value in attributes}
        name, kind = known.get("name", ""), known.get("type", "text")
        if tag == "form":
            encoding = known.get("enctype", "application/x-www-form-urlencoded")
            self._open = HtmlForm(known.get("action", ""), known.get("method", "get").lower(), encoding)
            self.forms.append(self._open)
        elif self._open is None:
            return
        if name and known.get("maxlength", "").isdecimal():
            self._open.longest[name] = int(known["maxlength"])
        if tag == "textarea":
            self._area, self._open.sent[name] = name, ""
            self._open.typed.append(name)
        elif tag == "select":
            self._select = name
        elif (
            tag == "option"
            and self._select is not None
            and ("selected" in known or self._select not in self._open.sent)
        ):
            self._open.sent[self._select] = known.get("value", "")
        elif tag == "input" and kind in ("radio", "checkbox"):
            if "checked" in known or (kind == "radio" and name not in self._open.sent):
                self._open.sent[name] = known.get("value", "on")
        elif tag == "input" and kind != "file" and name:
            self._open.sent[name] = known.get("value", "")
            if kind in ("text", "email", "search", "tel", "url"):
                self._open.typed.append(name)

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._area is not None:
            self._open.sent[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea" and self._open is not None and self._area is not None:
            self._open.sent[self._area] = self._open.sent[self._area].removeprefix("\n")  # as browsers do
            self._area = None
        elif tag == "select":
            self._select = None


def forms_of(text: str) -> list[HtmlForm]:
    """The forms of a page in their order."""
    reader = _Reader()
    reader.feed(text)
    return reader.forms
