"""News by mail, and campaigns that invite firms.

Revision: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
-- Where news goes, and in which language. An address is for sending only: nobody is known by it.
CREATE TABLE correspondence (
    account_id uuid PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    email      text,
    language   text NOT NULL CHECK (language IN ('fr', 'en')),
    updated_at timestamptz NOT NULL
);

-- What was to be told, and what became of it. It holds no address and no content: the mail is made when it leaves.
CREATE TABLE notification (
    id             uuid PRIMARY KEY DEFAULT uuidv7(),
    account_id     uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    dossier_id     uuid REFERENCES dossier ON DELETE CASCADE,
    rendez_vous_id uuid REFERENCES rendez_vous ON DELETE CASCADE,
    news           text NOT NULL,
    created_at     timestamptz NOT NULL,
    state          text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused', 'unaddressed')),
    ended_at       timestamptz,
    code           smallint,
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX notification_of_dossier ON notification (dossier_id, id) WHERE dossier_id IS NOT NULL;
CREATE INDEX notification_of_rendez_vous ON notification (rendez_vous_id, id) WHERE rendez_vous_id IS NOT NULL;
CREATE INDEX notification_of_account ON notification (account_id, id);

-- A round of invitations to one procedure.
CREATE TABLE campaign (
    id          uuid PRIMARY KEY DEFAULT uuidv7(),
    procedure   text NOT NULL,
    title       text NOT NULL,
    agent_id    uuid NOT NULL REFERENCES account,
    created_at  timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'prepared' CHECK (state IN ('prepared', 'running', 'paused', 'stopped')),
    reminded_at timestamptz
);

-- A file that was read and not yet confirmed: what it would add, line by line, and what is wrong with the others.
CREATE TABLE campaign_file (
    id           uuid PRIMARY KEY DEFAULT uuidv7(),
    campaign_id  uuid NOT NULL REFERENCES campaign ON DELETE CASCADE,
    read_at      timestamptz NOT NULL,
    confirmed_at timestamptz,
    lines        integer NOT NULL,
    added        integer
);
CREATE INDEX campaign_file_of_campaign ON campaign_file (campaign_id, id);
CREATE TABLE campaign_line (
    file_id uuid NOT NULL REFERENCES campaign_file ON DELETE CASCADE,
    number  integer NOT NULL,
    siret   text NOT NULL,
    name    text NOT NULL,
    email   text NOT NULL,
    PRIMARY KEY (file_id, number)
);
CREATE TABLE campaign_mistake (
    file_id uuid NOT NULL REFERENCES campaign_file ON DELETE CASCADE,
    number  integer NOT NULL,
    field   text NOT NULL,
    reason  text NOT NULL,
    other   integer,
    PRIMARY KEY (file_id, number, field)
);

-- One firm in one campaign. The code of its link is kept as a digest only.
CREATE TABLE invitation (
    id           uuid PRIMARY KEY DEFAULT uuidv7(),
    campaign_id  uuid NOT NULL REFERENCES campaign,
    siret        text NOT NULL,
    name         text NOT NULL,
    email        text NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused', 'declined')),
    digest       bytea UNIQUE,
    sent_at      timestamptz,
    reminder     text NOT NULL DEFAULT 'none' CHECK (reminder IN ('none', 'waiting', 'sent')),
    code         smallint,
    attempts     smallint NOT NULL DEFAULT 0,
    not_before   timestamptz,
    opened_at    timestamptz,
    account_id   uuid REFERENCES account ON DELETE SET NULL,
    UNIQUE (campaign_id, siret)
);
CREATE INDEX invitation_to_send ON invitation (campaign_id, id) WHERE state = 'waiting' OR reminder = 'waiting';
CREATE INDEX invitation_of_account ON invitation (account_id) WHERE account_id IS NOT NULL;

-- Addresses that want no campaign any more, as digests: enough to leave them out.
CREATE TABLE mail_opposition (
    digest bytea PRIMARY KEY,
    at     timestamptz NOT NULL
);
"""

BACK = """
DROP TABLE mail_opposition, invitation, campaign_mistake, campaign_line, campaign_file, campaign,
    notification, correspondence;
"""


def upgrade() -> None:
    """Make the tables; all are new, so nothing that runs waits for them."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them, with all they hold."""
    op.execute(BACK)
