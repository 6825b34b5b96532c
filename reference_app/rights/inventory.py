"""Every table there is: what of it a person is given, or why there is nothing to give.

A table or a column that is missing here makes a test fail, so that nobody adds one without saying whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_app.errors import N_
from reference_app.rights.holding import Given, Holding

_BY = "CASE WHEN account_id = %(account)s THEN 'you' ELSE 'service' END"
_SLOT = "(SELECT c.starts_at FROM creneau c WHERE c.id = creneau_id)"
_PLACE = "(SELECT l.name || ', ' || l.address FROM creneau c JOIN lieu l ON l.id = c.lieu_id WHERE c.id = creneau_id)"
_OPERATION = """
    (payload::jsonb || jsonb_build_object(
        'by', CASE WHEN payload::jsonb ->> 'by' = %(account)s::text THEN 'you' ELSE 'service' END))"""
_PARTNER = "(SELECT p.name FROM partner p WHERE p.id = partner_id)"

_ORDER = "a number for the order of the rows"
_AGENT = "it would name an agent, who is told by role only"
_COUNT = "it counts what is listed"

ACCOUNT = Holding(
    table="account",
    title=N_("Account"),
    whose="id",
    order="id",
    given=(
        Given("provider", N_("Signed in as")),
        Given("subject", N_("Identifier at the identity provider")),
        Given("created_at", N_("Since")),
    ),
)

OF_ACCOUNT = (
    Holding(
        table="rendez_vous",
        title=N_("Appointments"),
        whose="account_id",
        order="id",
        given=(
            Given("number", N_("Number")),
            Given("procedure", N_("Procedure")),
            Given("creneau_id", N_("Time"), _SLOT, "starts_at"),
            Given("creneau_id", N_("Place"), _PLACE, "place"),
            Given("state", N_("State of the appointment"), called="attendance"),
            Given("name", N_("Name")),
            Given("note", N_("What the service should know")),
            Given("booked_at", N_("Booked on")),
            Given("updated_at", N_("Changed on")),
        ),
        withheld={"id": _ORDER, "agent_id": _AGENT},
    ),
    Holding(
        table="mandat",
        title=N_("Mandates at the counter"),
        whose="account_id",
        order="id",
        given=(
            Given("person", N_("Name")),
            Given("procedure", N_("Procedure")),
            Given("dossier_id", N_("Dossier")),
            Given("opened_at", N_("From")),
            Given("ends_at", N_("Until")),
            Given("ended_at", N_("Ended before that on")),
        ),
        withheld={"id": _ORDER, "agent_id": _AGENT},
    ),
    Holding(
        table="correspondence",
        title=N_("Where news goes"),
        whose="account_id",
        order="updated_at",
        given=(
            Given("email", N_("Address")),
            Given("language", N_("Language")),
            Given("updated_at", N_("Changed on")),
        ),
    ),
    Holding(
        table="notification",
        title=N_("News sent to you"),
        whose="account_id",
        order="id",
        given=(
            Given("news", N_("News")),
            Given("dossier_id", N_("Dossier")),
            Given("created_at", N_("On")),
            Given("state", N_("State of the mail"), called="mailed"),
            Given("ended_at", N_("Ended on")),
        ),
        withheld={"id": _ORDER, "rendez_vous_id": "the appointment is listed", "code": "what a mail server answered"},
    ),
    Holding(
        table="invitation",
        title=N_("Invitations you answered"),
        whose="account_id",
        order="id",
        given=(
            Given("siret", N_("SIRET number")),
            Given("name", N_("Name")),
            Given("email", N_("Address")),
            Given("language", N_("Language")),
            Given("sent_at", N_("Sent on")),
            Given("opened_at", N_("Opened on")),
        ),
        withheld={
            "id": _ORDER,
            "campaign_id": "of the work of agents",
            "digest": "of a code that only the person has",
            **dict.fromkeys(("state", "reminder", "code", "attempts", "not_before"), "how the mail goes about it"),
        },
    ),
    Holding(
        table="source_answer",
        title=N_("What sources said of you, kept for a while"),
        whose="account_id",
        order="said_at",
        given=(
            Given("source", N_("Source")),
            Given("key", N_("Asked with")),
            Given("facts", N_("Answer")),
            Given("said_at", N_("On")),
            Given("expires_at", N_("Kept until")),
        ),
    ),
)

DOSSIER = Holding(
    table="dossier",
    title=N_("Dossiers"),
    whose="account_id",
    order="id",
    given=(
        Given("id", N_("Identifier")),
        Given("procedure", N_("Procedure")),
        Given("state", N_("State")),
        Given("answers", N_("Answers")),
        Given("known", N_("What sources said")),
        Given("created_at", N_("Started on")),
        Given("updated_at", N_("Changed on")),
        Given("receipt_number", N_("Receipt")),
        Given("filed_at", N_("Filed on")),
        Given("silence_on", N_("Silence decides on")),
        Given("groupe", N_("Group in charge")),
        Given("claimed_at", N_("Examined since")),
        Given("correction_asked_at", N_("Correction asked on")),
        Given("decided_at", N_("Decided on")),
        Given("motivation", N_("Reasons")),
        Given("withdrawn_at", N_("Withdrawn on")),
    ),
    withheld={
        "agent_id": _AGENT,
        **dict.fromkeys(("messages", "pieces", "advice", "advice_pending", "operations"), _COUNT),
        "head": "the digest of the last operation, which is listed",
        **dict.fromkeys(("title_in", "siret_in", "email_in"), "it names the fields that are searched"),
    },
)

OF_DOSSIER = (
    Holding(
        table="piece",
        title=N_("Pieces"),
        whose="dossier_id",
        order="id",
        given=(
            Given("id", N_("Identifier")),
            Given("name", N_("Asked for as")),
            Given("filename", N_("Name of the file")),
            Given("kind", N_("Kind")),
            Given("size", N_("Bytes")),
            Given("digest", N_("SHA-256"), "encode(digest, 'hex')"),
            Given("account_id", N_("By"), _BY, "by"),
            Given("state", N_("State of the check"), called="checked"),
            Given("sent_at", N_("Sent on")),
            Given("scanned_at", N_("Checked on")),
        ),
        withheld={"object": "where the bytes lie, which is nobody's to know"},
    ),
    Holding(
        table="traitement",
        title=N_("History"),
        whose="dossier_id",
        order="id",
        given=(
            Given("state", N_("State")),
            Given("at", N_("On")),
            Given("account_id", N_("By"), _BY, "by"),
            Given("motivation", N_("Reasons")),
        ),
        withheld={"id": _ORDER},
    ),
    Holding(
        table="correction",
        title=N_("Corrections asked for"),
        whose="dossier_id",
        order="id",
        given=(
            Given("reason", N_("Kind")),
            Given("said", N_("What to mend")),
            Given("asked_at", N_("Asked on")),
            Given("resolved_at", N_("Sent back on")),
        ),
        withheld={"id": _ORDER, "agent_id": _AGENT},
    ),
    Holding(
        table="message",
        title=N_("Messages"),
        whose="dossier_id",
        order="id",
        given=(
            Given("from_agent", N_("By"), "CASE WHEN from_agent THEN 'service' ELSE 'you' END", "by"),
            Given("text", N_("Text")),
            Given("at", N_("On")),
        ),
        withheld={"id": _ORDER, "account_id": _AGENT},
    ),
    Holding(
        table="avis",
        title=N_("Advice asked of others"),
        whose="dossier_id",
        order="id",
        given=(
            Given("question", N_("Question")),
            Given("shown", N_("What was shown to them")),
            Given("asked_at", N_("Asked on")),
            Given("ends_on", N_("Until")),
            Given("opinion", N_("Opinion")),
            Given("said", N_("Answer")),
            Given("answered_at", N_("Answered on")),
        ),
        withheld={
            **dict.fromkeys(("asked_by", "expert_id", "expert"), _AGENT),
            **dict.fromkeys(("digest", "tries"), "it guards the way in of who is asked"),
            "id": _ORDER,
            "reminded_at": "of who is asked",
        },
    ),
    Holding(
        table="delivery",
        title=N_("Payment"),
        whose="dossier_id",
        order="id",
        given=(
            Given("reference", N_("Reference")),
            Given("amount", N_("Amount in euros")),
            Given("state", N_("State of the payment"), called="delivered"),
            Given("accepted_on", N_("Accepted on")),
            Given("said", N_("Note of the service")),
            Given("created_at", N_("Since")),
            Given("updated_at", N_("Changed on")),
        ),
        withheld={
            "id": _ORDER,
            "procedure": "that of the dossier",
            **dict.fromkeys(
                ("attempts", "doubtful", "next_at", "held_until", "problem"), "how the machine goes about it"
            ),
        },
    ),
    Holding(
        table="counter_code",
        title=N_("Codes for the counter"),
        whose="dossier_id",
        order="expires_at",
        given=(Given("expires_at", N_("Until")), Given("used_at", N_("Used on"))),
        withheld={"digest": "of a code that only the person has"},
    ),
    Holding(
        table="consultation",
        title=N_("Who opened it"),
        whose="dossier_id",
        order="day",
        given=(Given("agent_id", N_("By"), "'service'", "by"), Given("day", N_("On"))),
    ),
    Holding(
        table="partner_access",
        title=N_("Other administrations that read it"),
        whose="dossier_id",
        order="id",
        given=(
            Given("partner_id", N_("By"), _PARTNER, "partner"),
            Given("at", N_("On")),
            Given("what", N_("What they asked")),
        ),
        withheld={"id": _ORDER},
    ),
    Holding(
        table="operation",
        title=N_("Log of operations"),
        whose="dossier_id",
        order="rank",
        given=(
            Given("rank", N_("Number")),
            Given("payload", N_("Operation"), _OPERATION, "operation"),
            Given("digest", N_("SHA-256"), "encode(digest, 'hex')"),
        ),
    ),
    Holding(
        table="purge_notice",
        title=N_("Told that it would be deleted"),
        whose="dossier_id",
        order="told_at",
        given=(Given("told_at", N_("On")),),
    ),
)

HOLDINGS = (ACCOUNT, *OF_ACCOUNT, DOSSIER, *OF_DOSSIER)

_NOBODY = "no person is in it"
_AGENTS = "about agents at work, who ask their employer; nothing of those who come to the service"

NOT_GIVEN: Mapping[str, str] = {
    "idempotency_key": "repeats, for a day, answers that are made of what is given",
    "ended_session": "identifiers of sessions and accounts that ended, for twelve hours",
    "forgotten": "identifiers of what was deleted, which lead to nobody any more",
    "lot_dossier": "a dossier in a decision for many: the decision stands in its history",
    **dict.fromkeys(("agent", "groupe_membre", "lot", "export", "journal"), _AGENTS),
    **dict.fromkeys(
        ("campaign_line", "campaign_bad_line"),
        "firms that an agent is about to invite, who have no account here; for a month at most",
    ),
    "mail_opposition": "digests of addresses that want no invitation: they lead nowhere without the address",
    **dict.fromkeys(("campaign", "campaign_file", "campaign_mistake"), _NOBODY),
    **dict.fromkeys(("lieu", "creneau", "waiting_room", "waiting_arrivals"), _NOBODY),
    **dict.fromkeys(("synthese", "synthese_mois", "published_month", "published_file"), _NOBODY),
    **dict.fromkeys(
        ("finance_gate", "reconciliation", "change_horizon", "webhook", "partner", "partner_token"), _NOBODY
    ),
    **dict.fromkeys(
        ("procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers", "procrastinate_workers"),
        "work that waits, by identifiers, deleted as it ends",
    ),
    "alembic_version": _NOBODY,
}
