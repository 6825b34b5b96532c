"""Corrections, messages, withdrawal: what passes between the one who asks and the one who examines.

Revision: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
-- What an agent asks to mend. One pending at most for a dossier, whatever the code does.
CREATE TABLE correction (
    id          uuid PRIMARY KEY DEFAULT uuidv7(),
    dossier_id  uuid NOT NULL REFERENCES dossier,
    agent_id    uuid NOT NULL REFERENCES account,
    reason      text NOT NULL CHECK (reason IN ('incorrect', 'incomplete', 'outdated')),
    said        text NOT NULL,
    asked_at    timestamptz NOT NULL,
    resolved_at timestamptz CHECK (resolved_at >= asked_at)
);
CREATE UNIQUE INDEX correction_pending ON correction (dossier_id) WHERE resolved_at IS NULL;
CREATE INDEX correction_of_dossier ON correction (dossier_id, id);

CREATE TABLE message (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    dossier_id uuid NOT NULL REFERENCES dossier,
    account_id uuid NOT NULL REFERENCES account,
    from_agent boolean NOT NULL,
    text       text NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX message_of_dossier ON message (dossier_id, id);

-- Kept with the dossier, so that a page of one without any asks for none.
ALTER TABLE dossier ADD correction_asked_at timestamptz, ADD messages integer NOT NULL DEFAULT 0,
                    ADD withdrawn_at timestamptz;
-- A dossier that was withdrawn may never have had an agent.
ALTER TABLE dossier DROP CONSTRAINT dossier_check1, ADD CONSTRAINT dossier_claimed CHECK (
    state IN ('brouillon', 'en_construction') OR withdrawn_at IS NOT NULL OR num_nulls(agent_id, claimed_at) = 0);
-- Those that wait for their author are not given to an agent, and not read past to find the next.
CREATE INDEX dossier_waiting ON dossier (filed_at, id) WHERE state = 'en_construction' AND correction_asked_at IS NULL;
"""

BACK = """
DROP INDEX dossier_waiting;
ALTER TABLE dossier DROP CONSTRAINT dossier_claimed, DROP correction_asked_at, DROP messages, DROP withdrawn_at,
    ADD CONSTRAINT dossier_check1
    CHECK (state IN ('brouillon', 'en_construction') OR num_nulls(agent_id, claimed_at) = 0);
DROP TABLE message, correction;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them, with all they hold; refused by the database while a dossier without an agent is withdrawn."""
    op.execute(BACK)
