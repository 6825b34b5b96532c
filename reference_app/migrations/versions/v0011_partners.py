"""Deliveries to the finance system and its gate; partners, their tokens, accesses and webhooks; how far changes go.

Revision: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
-- What an accepted dossier is owed, once for a dossier. The payee is read from the dossier when it is sent, so that
-- nothing personal stands here, and the line outlives the dossier: accounts are kept for longer.
CREATE TABLE delivery (
    id          uuid PRIMARY KEY DEFAULT uuidv7(),
    dossier_id  uuid UNIQUE REFERENCES dossier ON DELETE SET NULL,
    procedure   text NOT NULL,
    reference   text NOT NULL UNIQUE,
    amount      integer NOT NULL CHECK (amount > 0),
    state       text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'sent', 'failed', 'done_elsewhere')),
    attempts    integer NOT NULL DEFAULT 0,
    -- An attempt began and how it ended is not known: ask by the reference before sending again.
    doubtful    boolean NOT NULL DEFAULT false,
    next_at     timestamptz NOT NULL,
    held_until  timestamptz,
    problem     text,
    said        text,
    accepted_on date,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CHECK ((state = 'sent') = (accepted_on IS NOT NULL)),
    CHECK (state <> 'done_elsewhere' OR said IS NOT NULL)
);
CREATE INDEX delivery_due ON delivery (next_at, id) WHERE state = 'ready';
CREATE INDEX delivery_held ON delivery (held_until) WHERE held_until IS NOT NULL;
CREATE INDEX delivery_of_state ON delivery (state, id);
CREATE INDEX delivery_of_day ON delivery (accepted_on, reference) WHERE accepted_on IS NOT NULL;

-- One row that every worker goes by: the circuit breaker, and the budget of retries.
CREATE TABLE finance_gate (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    failures     integer NOT NULL DEFAULT 0,
    closed_until timestamptz,
    why          text,
    tokens       double precision NOT NULL DEFAULT 10,
    tokens_at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO finance_gate DEFAULT VALUES;

-- What comparing a day with the finance system's list found.
CREATE TABLE reconciliation (
    day         date PRIMARY KEY,
    compared_at timestamptz NOT NULL,
    compared    integer NOT NULL,
    differences jsonb NOT NULL
);

-- Another administration that reads what it needs of some procedures.
CREATE TABLE partner (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    name       text NOT NULL UNIQUE,
    procedures text[] NOT NULL,
    scopes     text[] NOT NULL,
    fields     text[] NOT NULL,
    per_minute integer NOT NULL CHECK (per_minute > 0),
    minute     timestamptz NOT NULL DEFAULT '-infinity',
    requests   integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
) WITH (fillfactor = 50);

-- Only the digest of a token is kept.
CREATE TABLE partner_token (
    digest     bytea PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX partner_token_of_partner ON partner_token (partner_id);

-- Who read what: every request of a partner that was answered. No key to the dossier, which it outlives.
CREATE TABLE partner_access (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    what       text NOT NULL,
    dossier_id uuid
);
CREATE INDEX partner_access_of_dossier ON partner_access (dossier_id) WHERE dossier_id IS NOT NULL;
CREATE INDEX partner_access_of_partner ON partner_access (partner_id, id);

-- Where a partner is told of changes, and how far it has been told. Its secrets are derived, not kept.
CREATE TABLE webhook (
    id            uuid PRIMARY KEY DEFAULT uuidv7(),
    partner_id    uuid NOT NULL REFERENCES partner ON DELETE CASCADE,
    url           text NOT NULL,
    events        text[] NOT NULL,
    generation    integer NOT NULL DEFAULT 1,
    rotated_at    timestamptz,
    told          bigint NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    next_at       timestamptz NOT NULL,
    problem       text,
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL,
    UNIQUE (partner_id, url)
);

-- Up to which line of the history no transaction can add one any more (docs/decisions/0197).
CREATE TABLE change_horizon (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    settled   bigint NOT NULL DEFAULT 0,
    candidate bigint NOT NULL DEFAULT 0,
    after     xid8 NOT NULL DEFAULT '0'
);
INSERT INTO change_horizon DEFAULT VALUES;
"""

BACK = """
DROP TABLE change_horizon, webhook, partner_access, partner_token, partner, reconciliation, finance_gate, delivery
"""


def upgrade() -> None:
    """Make the tables; none that stands is touched but for the keys to a dossier, checked on an empty table."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them, with all they hold."""
    op.execute(BACK)
