"""The pages of appointments: plain links and forms, nothing typed lost when a time is gone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import psycopg
import pytest

from reference_app.appointments.days import day_of

DAY = (day_of(datetime.now(UTC)) + timedelta(days=2)).isoformat()


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page.text)[1]


def links(page, start):
    return [unescape(found) for found in re.findall(rf'href="({re.escape(start)}[^"]*)"', page.text)]


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent")


@pytest.fixture
def place(agent):
    """A new place with three slots of one seat, opened with the agent's forms; its identifier."""
    name = f"Salle {uuid4()}"
    form = agent.get("/agent/creneaux")
    listed = agent.post("/agent/lieux", data={"token": hidden(form, "token"), "name": name, "address": "1, rue Haute"})
    lieu = re.search(rf'<option value="([^"]+)">{name}', listed.text)[1]
    times = {
        "token": hidden(listed, "token"), "procedure": "masks", "lieu": lieu, "day": DAY,
        "begin": "09:00", "end": "12:00", "minutes": "60", "capacity": "1",
    }  # fmt: skip
    assert "Times opened: 3." in agent.post("/agent/creneaux", data=times).text
    return lieu


def chosen(client, place, nth=0):
    """The page of the ``nth`` free time of a place, reached by links from the home page."""
    [offered] = links(client.get("/"), "/procedures/masks")
    [there] = links(client.get(offered), f"/procedures/masks/lieux/{place}")
    return client.get(links(client.get(there, params={"day": DAY}), "/creneaux/")[nth])


def sent(client, form, **typed):
    fields = {name: hidden(form, name) for name in ("token", "key", "creneau")} | {"name": "Camille Martin", "note": ""}
    return client.post(f"/creneaux/{hidden(form, 'creneau')}", data=fields | typed)


def test_a_person_books_moves_and_cancels_with_links_and_forms(stage, place):
    client = stage.signed_in("business")
    form = chosen(client, place)
    assert re.search(r'name="name" type="text" value="[^"]+', form.text), "the name signed in with is not asked again"
    booked = sent(client, form, note="Fauteuil")
    assert re.search(r"RV-\d{8}", booked.text)
    assert "Fauteuil" in booked.text
    [start] = links(booked, "/procedures/masks?move=")
    [there] = links(client.get(start), f"/procedures/masks/lieux/{place}")
    ask = client.get(links(client.get(there), f"{booked.url.path}/move")[1])
    assert "09:00" in ask.text
    moved = client.post(
        f"{booked.url.path}/move", data={"token": hidden(ask, "token"), "creneau": hidden(ask, "creneau")}
    )
    assert moved.url == booked.url
    assert "11:00" in moved.text
    sure = client.get(f"{booked.url.path}/cancel")
    done = client.post(f"{booked.url.path}/cancel", data={"token": hidden(sure, "token")})
    assert "Cancelled by the person" in done.text
    assert "Cancelled by the person" in client.get("/rendez-vous").text


def test_a_time_just_taken_gives_the_form_back_with_all_that_was_typed_and_other_times(stage, place):
    slow, quick = stage.signed_in("business"), stage.signed_in("business")
    form = chosen(slow, place)
    assert sent(quick, chosen(quick, place)).status_code == 200
    late = sent(slow, form, name="Zoé <b> & Fils", note="Long note")
    assert late.status_code == 409
    assert 'role="alert"' in late.text
    assert "Zoé <b> & Fils" in unescape(late.text)
    assert "Long note" in late.text
    others = re.findall(r'type="radio" id="slot-([^"]+)"', late.text)
    assert len(others) == 2
    again = {"token": hidden(late, "token"), "key": hidden(late, "key"), "name": "Zoé", "note": "Long note"}
    nothing = slow.post(form.url.path, data=again)
    assert nothing.status_code == 422
    assert 'id="creneau-error"' in nothing.text
    assert "Long note" in slow.post(form.url.path, data=again | {"creneau": others[1]}).text
    assert slow.get("/api/v1/rendez-vous").json()[0]["creneau"] == others[1]


def test_a_second_appointment_leads_to_the_first(stage, place):
    client = stage.signed_in("business")
    second = chosen(client, place, 1)
    first = sent(client, chosen(client, place))
    refused = sent(client, second, note="Long note")
    assert refused.status_code == 409
    assert links(refused, "/rendez-vous/") == [first.url.path]
    assert "Long note" in refused.text


def test_a_double_click_books_once(stage, place):
    client = stage.signed_in("business")
    form = chosen(client, place)
    one, two = sent(client, form), sent(client, form)
    assert one.url == two.url
    assert len(client.get("/api/v1/rendez-vous").json()) == 1


def test_a_session_that_ended_loses_nothing_of_what_was_typed(stage, place):
    identity = f"business-{uuid4().hex}"
    client = stage.signed_in("business", identity)
    form = chosen(client, place)
    client.cookies.clear()
    refused = sent(client, form, note="Long note")
    assert refused.status_code == 401
    assert "Long note" in refused.text
    assert sent(stage.signed_in("business", identity), refused, note="Long note").status_code == 200


def test_a_time_that_has_begun_gives_the_form_back(stage, place, database_url):
    client = stage.signed_in("business")
    form = chosen(client, place)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE creneau SET starts_at = now() WHERE id = %s", (hidden(form, "creneau"),))
    late = sent(client, form, note="Long note")
    assert late.status_code == 409
    assert "Long note" in late.text


def test_an_agent_reads_the_day_and_marks_who_came(stage, agent, place, database_url):
    booked = sent(stage.signed_in("business"), chosen(stage.signed_in("business"), place))
    assert booked.status_code == 403, "a form of another person is refused"
    client = stage.signed_in("business")
    booked = sent(client, chosen(client, place), name="Zoé Diallo")
    number = re.search(r"RV-\d{8}", booked.text)[0]
    day = {"procedure": "masks", "lieu": place, "day": DAY}
    listed = agent.get("/agent/rendez-vous", params=day)
    assert number in listed.text
    assert "Zoé Diallo" in listed.text
    assert 'value="noshow"' not in listed.text
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE creneau SET starts_at = now() - interval '1 second' WHERE id IN"
            " (SELECT creneau_id FROM rendez_vous WHERE number = %s)",
            (int(number[3:]),),
        )
    today = agent.get("/agent/rendez-vous", params={"procedure": "masks", "lieu": place})
    action = re.search(r'action="(/agent/rendez-vous/[^"]+)"', today.text)[1]
    marked = agent.post(action, data={"token": hidden(today, "token"), "state": "noshow"})
    assert marked.status_code == 200
    assert "Did not come" in marked.text
    assert agent.post(action, data={"token": hidden(today, "token"), "state": "excused"}).status_code == 403


def test_a_wrong_opening_stands_beside_its_field_and_keeps_what_was_typed(agent, place):
    form = agent.get("/agent/creneaux")
    typed = {
        "token": hidden(form, "token"), "procedure": "masks", "lieu": place, "day": "demain",
        "begin": "09:00", "end": "08:00", "minutes": "quinze", "capacity": "4",
    }  # fmt: skip
    answer = agent.post("/agent/creneaux", data=typed)
    assert answer.status_code == 422
    for name in ("day", "minutes"):
        assert f'id="{name}-error"' in answer.text
    assert 'value="quinze"' in answer.text
    answer = agent.post("/agent/creneaux", data=typed | {"day": DAY, "minutes": "15"})
    assert 'id="end-error"' in answer.text
    assert agent.post("/agent/lieux", data={"token": hidden(form, "token"), "name": " "}).status_code == 422


@pytest.mark.parametrize("query", ["?day=x", "?day=9999-12-31", "?move=x"])
def test_a_strange_address_is_no_failure(stage, place, query):
    assert stage.browser().get(f"/procedures/masks/lieux/{place}{query}").status_code in (200, 422)


def test_another_persons_appointment_is_not_shown(stage, place):
    client, other = stage.signed_in("business"), stage.signed_in("business")
    path = sent(client, chosen(client, place)).url.path
    assert [other.get(p).status_code for p in (path, f"{path}/cancel")] == [404, 404]


def test_the_pages_speak_french(stage, place):
    french = stage.browser("fr")
    page = french.get(f"/procedures/masks/lieux/{place}", params={"day": DAY})
    assert "Choisir une heure" in page.text
    assert "09h00" in page.text
    assert "Mairie, accueil des habitants" in page.text
