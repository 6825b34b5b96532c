"""Accounts, dossiers, their history and operation log, idempotency keys.

Revision: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
-- A person as an identity provider knows them. The subject is the only key: e-mail and name change. The provider is
-- kept by its role, since the address of an issuer changes too.
CREATE TABLE account (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    provider   text NOT NULL CHECK (provider IN ('citizen', 'agent')),
    subject    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (provider, subject)
);

CREATE SEQUENCE receipt_number;

CREATE TABLE dossier (
    id             uuid PRIMARY KEY DEFAULT uuidv7(),
    account_id     uuid NOT NULL REFERENCES account,
    state          text NOT NULL DEFAULT 'brouillon'
                   CHECK (state IN ('brouillon', 'en_construction', 'en_instruction',
                                    'accepte', 'refuse', 'sans_suite')),
    siret          text,
    company_name   text,
    contact_email  text,
    need           text,
    amount         integer CHECK (amount > 0),
    iban           text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    receipt_number text UNIQUE,
    filed_at       timestamptz,
    silence_on     date,
    agent_id       uuid REFERENCES account,
    claimed_at     timestamptz,
    decided_at     timestamptz,
    motivation     text,
    operations     integer NOT NULL DEFAULT 0,
    head           bytea,
    -- What the code promises, the database holds to: filed means complete and receipted, decided means by whom and why.
    CHECK (state = 'brouillon' OR num_nulls(siret, company_name, contact_email, need, amount,
                                            receipt_number, filed_at, silence_on, head) = 0),
    CHECK (state IN ('brouillon', 'en_construction') OR num_nulls(agent_id, claimed_at) = 0),
    CHECK (state NOT IN ('accepte', 'refuse', 'sans_suite') OR num_nulls(decided_at, motivation) = 0)
);
CREATE INDEX dossier_of_account ON dossier (account_id, id);
CREATE INDEX dossier_queue ON dossier (state, filed_at, id) WHERE state <> 'brouillon';
CREATE INDEX dossier_of_agent ON dossier (agent_id, state, filed_at, id) WHERE agent_id IS NOT NULL;

-- History of the states.
CREATE TABLE traitement (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dossier_id uuid NOT NULL REFERENCES dossier,
    state      text NOT NULL,
    at         timestamptz NOT NULL,
    account_id uuid NOT NULL REFERENCES account,
    motivation text
);
CREATE INDEX traitement_of_dossier ON traitement (dossier_id, id);

-- Log of operations: each digest covers the payload and the digest before it, dossier by dossier.
CREATE TABLE operation (
    dossier_id uuid NOT NULL REFERENCES dossier,
    rank       integer NOT NULL,
    payload    text NOT NULL,
    digest     bytea NOT NULL,
    PRIMARY KEY (dossier_id, rank)
);

-- First answer to a request that carried an Idempotency-Key.
CREATE TABLE idempotency_key (
    account_id uuid NOT NULL REFERENCES account,
    key        text NOT NULL,
    request    bytea NOT NULL,
    status     smallint,
    answer     text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them, with all they hold."""
    op.execute("DROP TABLE idempotency_key, operation, traitement, dossier, account; DROP SEQUENCE receipt_number")
