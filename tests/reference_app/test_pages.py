"""The pages: plain HTML forms, both languages, every error beside its field, nothing typed lost."""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

import pytest


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page.text)[1]


def typed(page, draft, **changed):
    """The form of ``page`` as a browser sends it."""
    fields = {name: str(value) for name, value in draft.items()} | {"iban": ""}
    return fields | {"token": hidden(page, "token"), "key": hidden(page, "key")} | changed


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


def test_a_whole_filing_works_with_forms_alone(stage, business, draft):
    form = business.get("/dossiers/new")
    shown = business.post("/dossiers", data=typed(form, draft))
    assert "Draft" in shown.text
    filed = business.post(f"{shown.url.path}/file", data={"token": hidden(shown, "token"), "key": hidden(shown, "key")})
    number = re.search(r"AUE-\d{4}-\d{8}", filed.text)[0]
    assert "your request counts as rejected from that day on" in filed.text
    assert number in business.get("/dossiers").text


def test_a_whole_instruction_works_with_forms_alone(stage, business):
    agent = stage.signed_in("agent")
    stage.filed(business)
    queue = agent.get("/agent/dossiers")
    dossier = agent.post("/agent/dossiers/claim-next", data={name: hidden(queue, name) for name in ("token", "key")})
    path = f"{dossier.url.path}/decision"
    form = {"token": hidden(dossier, "token")}
    refused = agent.post(path, data=form | {"motivation": "Parce que <x>"})
    assert refused.status_code == 422
    assert 'id="decision-error"' in refused.text
    assert "Parce que &lt;x&gt;</textarea>" in refused.text
    kept = agent.post(path, data=form | {"decision": "refuse", "motivation": " "})
    assert 'value="refuse" checked' in kept.text
    assert 'id="motivation-error"' in kept.text
    decided = agent.post(path, data=form | {"decision": "refuse", "motivation": "Parce que <x>"})
    assert decided.status_code == 200
    assert "Rejected" in decided.text
    assert agent.post(path, data=form | {"decision": "accepte", "motivation": "Non."}).status_code == 409


def test_no_page_has_an_inline_script_or_style_and_the_one_file_stands_where_a_draft_is_typed(stage, business):
    agent = stage.signed_in("agent")
    pages = [business.get(path) for path in ("/", "/sign-in", "/dossiers", "/dossiers/new", "/nowhere")]
    pages.append(agent.get("/agent/dossiers"))
    for page in pages:
        ours = re.findall(r'<script src="/static/autosave\.js\?v=[0-9a-f]{12}" defer></script>', page.text)
        assert page.text.count("<script") == len(ours) == (page.url.path == "/dossiers/new")
        assert "style=" not in page.text
        assert "<!doctype html>" in page.text


def test_errors_stand_beside_their_fields_and_what_was_typed_stays(business, draft):
    form = business.get("/dossiers/new")
    wrong = {"siret": "123", "amount": "beaucoup", "need": "a <b> & 'c'\nd", "company_name": "مخبز"}
    answer = business.post("/dossiers", data=typed(form, draft, **wrong))
    assert answer.status_code == 422
    for name in ("siret", "amount"):
        assert f'id="{name}-error"' in answer.text
        assert re.search(rf'id="{name}"[^>]*aria-describedby="[^"]*{name}-error"[^>]*aria-invalid="true"', answer.text)
    assert 'id="need-error"' not in answer.text
    shown = unescape(answer.text)
    for value in wrong.values():
        assert value in shown
    assert hidden(answer, "key") == hidden(form, "key")


@pytest.mark.parametrize("value", ["x" * 10_000, "a\x00b", "\u202eabc\u202c", "e\u0301"])
def test_strange_names_are_kept_or_refused_beside_the_field_never_an_error_page(business, draft, value):
    form = business.get("/dossiers/new")
    answer = business.post("/dossiers", data=typed(form, draft, company_name=value))
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert 'id="company_name-error"' in answer.text


def test_spaces_in_numbers_are_taken_as_people_type_them(business, draft):
    form = business.get("/dossiers/new")
    answer = business.post(
        "/dossiers",
        data=typed(
            form, draft, siret="732 829 320 00074", amount="12\u202f000", iban="fr76 3000 6000 0112 3456 7890 189"
        ),
    )
    assert answer.status_code == 200
    assert "€12,000" in answer.text.replace("\xa0", " ") or "12,000 €" in answer.text.replace("\xa0", " ")
    assert "FR76 3000 6000 0112 3456 7890 189" in answer.text


def test_a_double_click_makes_one_draft_and_files_once(stage, draft):
    client = stage.signed_in("business")
    form = typed(client.get("/dossiers/new"), draft)
    first, second = client.post("/dossiers", data=form), client.post("/dossiers", data=form)
    assert first.url == second.url
    assert len(client.get("/api/v1/dossiers").json()["items"]) == 1
    again = {"token": hidden(first, "token"), "key": hidden(first, "key")}
    filed = [client.post(f"{first.url.path}/file", data=again) for _ in range(2)]
    assert [answer.status_code for answer in filed] == [200, 200]
    first_page, second_page = (re.sub(r'name="key" value="[^"]+"', "", answer.text) for answer in filed)
    assert first_page == second_page


def test_what_is_missing_to_file_is_shown_in_the_form(business, draft):
    form = business.get("/dossiers/new")
    shown = business.post("/dossiers", data=typed(form, draft, need="", amount=""))
    answer = business.post(
        f"{shown.url.path}/file", data={"token": hidden(shown, "token"), "key": hidden(shown, "key")}
    )
    assert answer.status_code == 422
    assert 'id="need-error"' in answer.text
    assert 'id="amount-error"' in answer.text
    assert "Boulangerie du Port" in answer.text
    saved = business.post(f"{shown.url.path}/edit", data=typed(answer, draft))
    assert saved.url == shown.url


def test_a_session_that_ended_loses_nothing_of_what_was_typed(stage, draft):
    identity = f"business-{uuid4().hex}"
    client = stage.signed_in("business", identity)
    form = typed(client.get("/dossiers/new"), draft, need="Long text that took an hour")
    client.cookies.clear()
    refused = client.post("/dossiers", data=form)
    assert refused.status_code == 401
    assert "Long text that took an hour" in refused.text
    back = stage.signed_in("business", identity)
    resent = form | {"token": hidden(refused, "token"), "key": hidden(refused, "key")}
    assert back.post("/dossiers", data=resent).status_code == 200


@pytest.mark.parametrize("path", ["/dossiers/{}/messages", "/agent/dossiers/{}/decision", "/agent/mandats"])
def test_any_form_sent_after_the_session_ended_comes_back_with_everything_in_it(stage, path):
    nobody = stage.browser()
    form = {"token": "t" * 64, "key": str(uuid4()), "text": 'An hour of "<b>writing</b>"', "other": "x & y"}
    answer = nobody.post(path.format(uuid4()), data=form)
    assert answer.status_code == 401
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
    assert {name: unescape(value) for name, value in fields} == form
    assert f'href="/sign-in/{"agent" if path.startswith("/agent") else "business"}"' in answer.text
    assert "<b>writing" not in answer.text


def test_a_lot_that_comes_back_names_every_dossier_it_was_for(stage):
    chosen = [str(uuid4()) for _ in range(100)]
    form = {"token": "t" * 64, "key": str(uuid4()), "motivation": "An hour of writing", "dossier": chosen}
    answer = stage.browser().post("/agent/lots", data=form)
    assert answer.status_code == 401
    assert re.findall(r'<input type="hidden" name="dossier" value="([^"]*)"', answer.text) == chosen


def test_a_form_given_back_is_sent_once_its_person_has_signed_in_again_and_by_nobody_else(stage):
    identity = f"business-{uuid4().hex}"
    client = stage.signed_in("business", identity)
    dossier = stage.filed(client)["id"]
    shown = client.get(f"/dossiers/{dossier}")
    form = {"token": hidden(shown, "token"), "key": str(uuid4()), "text": "An hour of writing"}
    client.cookies.clear()
    returned = client.post(f"/dossiers/{dossier}/messages", data=form)
    again = {name: hidden(returned, name) for name in form}
    assert stage.signed_in("business").post(f"/dossiers/{dossier}/messages", data=again).status_code == 403
    sent = stage.signed_in("business", identity).post(f"/dossiers/{dossier}/messages", data=again)
    assert sent.status_code == 200
    assert "An hour of writing" in sent.text


@pytest.mark.parametrize("form", [{}, {"token": "t" * 64}, {"text": "without a token"}, {"text": "x" * 100_000}])
def test_what_is_no_form_of_ours_or_holds_nothing_leads_to_signing_in(stage, form):
    answer = stage.browser().post(f"/dossiers/{uuid4()}/messages", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/")


def test_a_form_without_its_token_or_with_anothers_is_refused(stage, business, draft):
    form = typed(business.get("/dossiers/new"), draft)
    theirs = typed(stage.signed_in("business").get("/dossiers/new"), draft)
    for token in ("", theirs["token"]):
        assert business.post("/dossiers", data=form | {"token": token}).status_code == 403


def test_pages_speak_french_and_english(stage):
    french, english = stage.browser("fr-FR,fr;q=0.9,en;q=0.8"), stage.browser("en-GB,en;q=0.9,fr;q=0.8")
    assert '<html lang="fr">' in french.get("/").text
    assert "Aide d’urgence aux entreprises" in french.get("/").text
    assert '<html lang="en">' in english.get("/").text
    assert "Emergency aid for businesses" in english.get("/").text


def test_a_language_once_chosen_stays(stage):
    client = stage.browser("fr")
    assert '<html lang="en">' in client.get("/?lang=en").text
    assert '<html lang="en">' in client.get("/sign-in").text
    assert '<html lang="fr">' in client.get("/sign-in?lang=fr").text


@pytest.mark.parametrize("lang", ["de", "../..", "\x00", "fr\r\nX: y"])
def test_a_language_that_is_not_spoken_changes_nothing(stage, lang):
    assert '<html lang="fr">' in stage.browser("fr").get("/", params={"lang": lang}).text


def test_an_unknown_page_is_a_page_with_a_way_home(stage):
    answer = stage.browser().get("/nowhere")
    assert answer.status_code == 404
    assert 'href="/"' in answer.text


def test_every_field_has_its_label(business):
    page = business.get("/dossiers/new").text
    fields = re.findall(r'<(?:input|textarea|select)(?: type="radio")? id="([^"]+)"', page)
    activity = ["activity-stopped", "activity-reduced", "activity-unchanged"]
    assert fields == ["siret", "company_name", "contact_email", *activity, "need", "amount", "iban"]
    for name in fields:
        assert f'<label for="{name}">' in page
