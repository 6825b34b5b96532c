"""Mandates at the counter, and the codes that lead from there to the Internet and back.

Revision: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
-- A person who came to the counter and has no account online: the subject is nobody else's.
ALTER TABLE account DROP CONSTRAINT account_provider_check,
    ADD CONSTRAINT account_provider_check CHECK (provider IN ('citizen', 'agent', 'counter'));

-- What a person who is present lets an agent do for them: one procedure, or one dossier, until a time.
CREATE TABLE mandat (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    account_id uuid NOT NULL REFERENCES account,
    agent_id   uuid NOT NULL REFERENCES account,
    person     text NOT NULL,
    procedure  text NOT NULL,
    dossier_id uuid REFERENCES dossier ON DELETE CASCADE,
    opened_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL CHECK (ends_at > opened_at),
    ended_at   timestamptz
);
CREATE INDEX mandat_of_agent ON mandat (agent_id, id);

-- A code said or printed once; only its digest is kept.
CREATE TABLE counter_code (
    digest     bytea PRIMARY KEY,
    dossier_id uuid NOT NULL REFERENCES dossier ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX counter_code_of_dossier ON counter_code (dossier_id);
"""

BACK = """
DROP TABLE counter_code, mandat;
ALTER TABLE account DROP CONSTRAINT account_provider_check,
    ADD CONSTRAINT account_provider_check CHECK (provider IN ('citizen', 'agent'));
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them; refused by the database while somebody has an account of the counter."""
    op.execute(BACK)
