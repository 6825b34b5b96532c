"""Another administration reads what was agreed upon, no more, no oftener, and misses no change."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import psycopg
from old_finance import Place

from reference_app.__main__ import main
from reference_app.partners import changes, partner
from reference_app.partners.partner import Scope

ALL = list(Scope)
LINE = """
    INSERT INTO traitement (dossier_id, state, at, account_id)
    SELECT id, 'en_instruction', now(), account_id FROM dossier WHERE id = %s RETURNING id"""


def asking(
    place: Place, *, scopes=ALL, procedures=("emergency-aid",), fields=(), per_minute=1000, days=1
) -> httpx.Client:
    """A client of a new partner."""

    async def make() -> str:
        async with await psycopg.AsyncConnection.connect(place.database_url, autocommit=True) as connection:
            name, now = str(uuid4()), datetime.now(UTC)
            await partner.add(connection, name, procedures, scopes, fields, per_minute, now)
            return await partner.add_token(connection, name, now - timedelta(days=1), days + 1)

    client = place.stage.browser()
    client.headers["Authorization"] = f"Bearer {asyncio.run(make())}"
    client.base_url = f"{place.stage.url}/api/partner/v1/"
    return client


def filed(place: Place) -> dict:
    return place.stage.filed(place.people[0])


def test_only_the_fields_agreed_upon_are_given(place):
    dossier = filed(place)
    answer = asking(place, fields=("siret", "amount")).get(f"dossiers/{dossier['id']}")
    assert answer.status_code == 200
    assert answer.json()["fields"] == {"siret": dossier["answers"]["siret"], "amount": 5000}
    for personal in ("contact@example.fr", "Inondation", "Boulangerie"):
        assert personal not in answer.text
    assert personal in place.people[0].get(f"/api/v1/dossiers/{dossier['id']}").text, "the control: it is in there"


def test_anothers_procedure_a_draft_and_nothing_are_the_same_to_a_partner(place, draft, key):
    dossier = filed(place)["id"]
    begun = place.people[0].post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
    other, mine = asking(place, procedures=("masks",)), asking(place)
    answers = [other.get(f"dossiers/{dossier}"), mine.get(f"dossiers/{begun}"), mine.get(f"dossiers/{uuid4()}")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.text for answer in answers}) == 1
    assert mine.get(f"dossiers/{dossier}").status_code == 200
    assert other.get("dossiers").json()["items"] == []
    assert other.get("changes").json()["items"] == []


def test_without_a_valid_token_nothing_is_said(place):
    nobody = place.stage.browser()
    revoked, ended = asking(place), asking(place, days=-1)
    digest = partner.digest(revoked.headers["Authorization"].removeprefix("Bearer "))
    place.rows(
        "UPDATE partner SET revoked_at = now() FROM partner_token t WHERE t.partner_id = partner.id AND digest = %s",
        digest,
    )
    answers = [nobody.get("/api/partner/v1/changes"), revoked.get("changes"), ended.get("changes")]
    answers.append(nobody.get("/api/partner/v1/changes", headers={"Authorization": "Bearer \xe9".encode("latin-1")}))
    answers.append(place.people[1].get("/api/partner/v1/changes"))
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_opens_what_its_scopes_say_and_no_session(place):
    client = asking(place, scopes=[Scope.CHANGES])
    assert client.get("changes").status_code == 200
    assert client.get("dossiers").status_code == 403
    assert client.get(f"{place.stage.url}/api/v1/agent/dossiers").status_code == 401


def test_the_quota_is_told_and_kept(place):
    client = asking(place, per_minute=2)
    answers = [client.get("changes") for _ in range(6)]
    if 429 not in [answer.status_code for answer in answers]:  # the minute ended in between: the next is not over yet
        answers = [client.get("changes") for _ in range(6)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-limit"] == "2"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert asking(place).get("changes").status_code == 200, "one partner's quota is its own"


def test_what_has_not_changed_is_not_sent_again(place):
    dossier, client = filed(place)["id"], asking(place)
    first = client.get(f"dossiers/{dossier}")
    again = client.get(f"dossiers/{dossier}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "private, no-cache"
    place.people[0].post(f"/api/v1/dossiers/{dossier}/withdraw").raise_for_status()
    changed = client.get(f"dossiers/{dossier}", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.json()["state"] == "sans_suite"


def test_every_dossier_is_listed_once_part_after_part(place):
    for _ in range(5):
        filed(place)
    client, after, found = asking(place), None, []
    while True:
        part = client.get("dossiers", params={"limit": 7} | ({"after": after} if after else {})).json()
        found += [item["id"] for item in part["items"]]
        after = part["next"]
        if after is None:
            break
    filed_here = place.rows("SELECT id::text FROM dossier WHERE receipt_number IS NOT NULL")
    assert sorted(found) == sorted(identifier for (identifier,) in filed_here)


def test_changes_come_in_order_each_once_with_what_happened(place):
    client = asking(place)
    cursor = everything(client, 0, 100)[1]
    (receipt,) = place.accepted(1)
    items, cursor = everything(client, cursor)
    assert [item["type"] for item in items] == ["dossier.filed", "dossier.taken", "dossier.decided"]
    assert items[-1]["state"] == "accepte"
    assert receipt not in str(items)
    assert everything(client, cursor) == ([], cursor)


def everything(client: httpx.Client, cursor: int, limit: int = 3) -> tuple[list[dict], int]:
    found = []
    while True:
        part = client.get("changes", params={"after": cursor, "limit": limit}).raise_for_status().json()
        found += part["items"]
        cursor = part["next"]
        if not part["more"]:
            return found, cursor


def test_a_change_that_commits_late_is_not_left_out(place):
    """A lower number that appears after a higher one was read: by the number alone it would be missed for ever."""
    client = asking(place)
    _, cursor = everything(client, 0, 100)
    dossier = filed(place)["id"]
    _, cursor = everything(client, cursor)
    with psycopg.connect(place.database_url) as slow:
        slow.execute("SELECT FROM dossier WHERE id = %s FOR UPDATE", [dossier])  # as everybody who writes a line does
        late = slow.execute(LINE, [dossier]).fetchone()[0]
        later = filed(place)["id"]
        naive = place.rows("SELECT max(id) FROM traitement")[0][0]
        assert naive > late, "the control: who goes by the highest number seen has passed it"
        seen, cursor = everything(client, cursor)
        assert (seen, cursor < late) == ([], True)
        slow.commit()
    seen, _ = everything(client, cursor)
    assert (seen[0]["change"], seen[0]["dossier"]) == (late, dossier)
    assert later in [item["dossier"] for item in seen]


def test_what_a_partner_reads_is_written_down(place):
    dossier, client = filed(place)["id"], asking(place)
    client.get(f"dossiers/{dossier}")
    client.get("changes")
    found = place.rows("SELECT what, dossier_id::text FROM partner_access ORDER BY id DESC LIMIT 2")
    assert found == [("changes", None), ("dossier", dossier)]


def test_seats_are_counted_of_nobody_in_particular(place):
    agent, day = place.people[1], (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    lieu = agent.post("/api/v1/agent/lieux", json={"name": f"Salle {uuid4()}", "address": "1, rue Haute"}).json()["id"]
    hours = {"day": day, "begin": "09:00", "end": "11:00", "minutes": 60, "capacity": 3}
    agent.post("/api/v1/agent/creneaux", json={"procedure": "masks", "lieu": lieu, **hours}).raise_for_status()
    client = asking(place, procedures=("masks",))
    (counted,) = client.get("rendez-vous", params={"procedure": "masks", "day": day}).json()["items"]
    assert (counted["lieu"], counted["seats"], counted["taken"]) == (lieu, 6, 0)
    assert client.get("rendez-vous", params={"procedure": "emergency-aid", "day": day}).status_code == 404
    assert asking(place).get("rendez-vous", params={"procedure": "masks", "day": day}).status_code == 404


def test_partners_are_made_and_unmade_by_command(place, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", place.database_url)
    monkeypatch.setenv("PORTANCE_REFERENCE_WEBHOOK_KEY", "k" * 32)

    def command(*arguments: str) -> tuple[int, str]:
        code = main(["partner", *arguments])
        return code, capsys.readouterr().out.strip()

    made = ["add", "Région", "--procedure", "emergency-aid", "--scopes", "changes"]
    code, token = command(*made)
    assert code == 0
    url = f"{place.stage.url}/api/partner/v1/changes"
    assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert partner.digest(token) in [row[0] for row in place.rows("SELECT digest FROM partner_token")]
    assert command(*made) == (2, "")
    assert command("add", "Ville", "--procedure", "emergency-aid", "--scopes", "everything") == (2, "")
    assert command("add", "Ville", "--procedure", "masks", "--scopes", "dossiers", "--fields", "iban") == (2, "")
    assert command("tell", "Région", "http://example.org/") == (2, "")
    webhook, secret = command("tell", "Région", "https://example.org/hook", "--events", "decided")[1].split()
    assert secret.startswith("whsec_")
    assert webhook in command("list")[1]
    assert command("rotate", webhook)[1] not in ("", secret)
    assert command("forget", webhook) == (0, "")
    assert command("resume", webhook) == (2, "")
    assert command("revoke", "Région") == (0, "")
    assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_the_cursor_never_goes_back_whoever_asks(place):
    async def ask() -> list[int]:
        async with await psycopg.AsyncConnection.connect(place.database_url, autocommit=True) as connection:
            return [await changes.latest(connection) for _ in range(3)]

    found = asyncio.run(ask())
    assert found == sorted(found)
    assert found[-1] == place.rows("SELECT max(id) FROM traitement")[0][0]
