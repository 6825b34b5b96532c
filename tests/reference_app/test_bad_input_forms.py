"""What people and their programs type into every form there is: a sentence beside the field, and nothing typed lost.

The forms are those of the pages that the routes give: a new one is tried without being listed.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from documents import answers
from html_forms import HtmlForm, forms_of

ONCE = "/agent/avis/"
"""What is asked here is answered once; then there is nothing to answer any more."""
BAD = {
    "10 000 characters": "Dupont de " * 1_000,
    "a NUL": "avant\x00après",
    "a bell": "avant\x07après",
    "right to left": "مخبز \u202e الميناء",
    "combining": "e\u0301\u0323\u0302" * 60,
    "beyond the first plane": "👩‍🌾𠀀" * 30,
    "HTML": "<script>alert(1)</script>\"'&amp;<b>",
    "a template": "{{ 7 * 7 }}${7*7}<%= 7*7 %>%(x)s %s",
    "SQL": "'; DROP TABLE dossier; --",
}


@pytest.fixture(scope="module")
def forms(inhabited: Any) -> list[tuple[str, HtmlForm]]:
    """Every form with something to type in, once, with who may send it."""
    found: dict[tuple[str, tuple[str, ...]], tuple[str, HtmlForm]] = {}
    for document in answers(inhabited, "en", "GET"):
        for form in forms_of(document.text):
            if form.method == "post" and form.typed and document.status == 200 and document.is_page:
                place = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", form.action)
                found.setdefault((place, tuple(form.typed)), (document.who, form))
    assert len(found) >= 8
    return list(found.values())


def sent(inhabited: Any, who: str, form: HtmlForm, value: str, **changed: str) -> Any:
    fields = form.sent | dict.fromkeys(form.typed, value) | {"key": str(uuid4())} | changed
    return inhabited.people[who].post(form.action, data=fields)


def test_no_browser_sends_a_form_that_is_too_large_and_the_longest_comes_back_whole(inhabited, forms):
    """Three bytes a character, nine as they are sent: as much as the fields let somebody type or paste."""
    most, troubles = inhabited.app.state.parts.settings.max_form_bytes, []
    for who, form in forms:
        if form.encoding != "application/x-www-form-urlencoded":
            continue
        assert set(form.typed) <= set(form.longest), f"{who} at {form.action}: no maxlength"
        full = {name: "€" * form.longest[name] for name in form.typed}
        answer = sent(inhabited, who, form, "", **full)
        name = f"{who} at {form.action} {len(answer.request.content)}: {answer.status_code}"
        if len(answer.request.content) > most or answer.status_code != 422:
            troubles.append(name)
        back = [one.sent for one in forms_of(answer.text) if set(form.typed) <= set(one.sent)]
        if not any(full.items() <= one.items() for one in back):
            troubles.append(f"{name} lost some of it")
    assert troubles == [], "\n".join(troubles)


@pytest.mark.parametrize("kind", BAD)
def test_what_was_typed_is_kept_or_comes_back_beside_a_sentence(inhabited, forms, kind):
    value, troubles = BAD[kind], []
    for who, form in forms:
        answer = sent(inhabited, who, form, value)
        name = f"{who} at {form.action} {form.typed}: {answer.status_code}"
        if answer.status_code not in ((200, 404, 409, 422) if form.action.startswith(ONCE) else (200, 409, 422)):
            troubles.append(name)
        if answer.status_code == 422:
            troubles += [f"{name} {what}" for what in lost(answer.text, form, value)]
        if "<script>alert" in answer.text or "{{ 49" in answer.text:
            troubles.append(f"{name} shows it as it is")
    assert troubles == [], "\n".join(troubles)


def lost(page: str, form: HtmlForm, value: str) -> list[str]:
    """What a refusal fails to give back: the sentence beside a field, the fields with what was typed in them."""
    found = [] if re.search(r'id="[\w-]+-error"', page) else ["says nothing beside a field"]
    back = [one.sent for one in forms_of(page) if set(form.typed) <= set(one.sent)]
    return [*found, *(f"lost {name}" for name in form.typed if value not in [sent[name] for sent in back])]


def test_a_form_gone_back_to_and_sent_with_other_words_loses_none_of_them(inhabited, forms):
    """The same key, another text: the first is kept, so the second is asked about, in the form it was typed in."""
    keyed, troubles = [(who, form) for who, form in forms if "key" in form.sent], []
    for who, form in keyed:
        key = str(uuid4())
        valid = VALID | {name: f"{name} abc" for name in form.typed if name not in VALID}
        words = {name: valid[name] for name in form.typed}
        first = sent(inhabited, who, form, "", **words, key=key)
        again = {name: f"{words[name]} d" for name in form.typed if name not in VALID}
        second = sent(inhabited, who, form, "", **words | again, key=key)
        back = [one.sent for one in forms_of(second.text) if set(form.typed) <= set(one.sent)]
        safe = second.status_code in (200, 409) or any(again.items() <= one.items() for one in back)
        if not safe:
            troubles.append(f"{who} at {form.action}: {first.status_code} then {second.status_code}")
    assert keyed
    assert troubles == [], "\n".join(troubles)


VALID = {
    "siret": "73282932000074", "contact_email": "a@example.fr", "amount": "500", "iban": "", "expert": "a@example.fr",
}  # fmt: skip


def test_bytes_that_are_no_text_are_refused_beside_the_field(inhabited, forms):
    """%FF, and half a surrogate pair: what a program sends that does not know which characters it holds."""
    troubles = []
    for who, form in forms:
        if form.encoding != "application/x-www-form-urlencoded":
            continue
        for raw in ("%FF%FE", "%ED%A0%80"):
            hidden = "&".join(f"{name}={value}" for name, value in form.sent.items() if name not in form.typed)
            body = "&".join([hidden, *(f"{name}=abc{raw}" for name in form.typed)])
            kind = {"Content-Type": form.encoding}
            answer = inhabited.people[who].post(form.action, content=body.encode(), headers=kind)
            beside = re.search(r'id="[\w-]+-error"', answer.text) is not None
            if answer.status_code not in (404, 409) and not (answer.status_code == 422 and beside):
                troubles.append(f"{who} at {form.action} {form.typed} {raw}: {answer.status_code}")
    assert troubles == [], "\n".join(troubles)


def test_a_form_whose_token_was_touched_changes_nothing(inhabited, forms):
    for who, form in forms:
        token = form.sent.get("token")
        if not token:
            continue
        for wrong in ("", token[:-1], token + "0", token.upper() + "é", "\x00", "é" * 64):
            answer = inhabited.people[who].post(form.action, data=form.sent | {"token": wrong})
            assert answer.status_code == 403, f"{who} at {form.action} with {wrong!r}: {answer.status_code}"
