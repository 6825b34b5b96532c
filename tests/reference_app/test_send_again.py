"""What was typed comes back when the service fails, is too late or asks to wait, and is kept once it is sent again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from html_forms import forms_of

from reference_app.budgets import Budget
from reference_app.dossiers import pages

NEED = "An hour of writing, in words of its own"


def written(client: Any, draft: dict[str, Any]) -> dict[str, str]:
    """The form of a new dossier, filled in."""
    (form,) = (f for f in forms_of(client.get("/dossiers/new").text) if f.action == "/dossiers")
    return form.sent | {name: str(value) for name, value in draft.items()} | {"need": NEED}


def sent_again(client: Any, page: Any) -> Any:
    (form,) = (f for f in forms_of(page.text) if f.action == "/dossiers")
    return client.post(form.action, data=form.sent)


async def fails(*_: object) -> None:
    raise RuntimeError("planted")


async def hangs(*_: object) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(("happens", "status"), [(fails, 500), (hangs, 503)])
def test_a_failure_and_an_answer_that_is_late_give_the_form_back(staged, monkeypatch, draft, happens, status):
    at_once = Budget(0.3, 1.0)
    monkeypatch.setattr("reference_app.protection.budget", lambda s: at_once if s["method"] == "POST" else None)
    with staged() as stage:
        client = stage.signed_in("business")
        form = written(client, draft)
        with monkeypatch.context() as broken:
            broken.setattr(pages, "create_once", happens)
            refused = client.post("/dossiers", data=form)
        assert refused.status_code == status
        assert NEED in refused.text
        assert "planted" not in refused.text
        again = stage.browser(cookies=dict(client.cookies))  # the server ends a connection on which it failed
        kept = sent_again(again, refused)
        assert kept.status_code == 200
        assert NEED in kept.text
        assert sent_again(again, refused).url == kept.url, "sent twice, kept once"


def test_who_sends_too_much_at_once_loses_nothing_of_it(staged, draft):
    with staged(unlimited_networks="", write_burst=2, write_per_s=2.0) as stage:
        client = stage.signed_in("business")
        form = written(client, draft)
        answers = [client.post("/dossiers", data=form) for _ in range(8)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert int(refused.headers["retry-after"]) == 1
        assert NEED in refused.text


def test_who_floods_without_a_name_is_not_read(staged):
    with staged(unlimited_networks="", address_burst=2, address_per_s=0.01) as stage:
        stranger = stage.browser()
        answers = [stranger.post("/dossiers", data={"token": "t" * 64, "need": NEED}) for _ in range(3)]
        assert [NEED in answer.text for answer in answers] == [True, True, False]
        assert answers[-1].status_code == 429
