"""What other administrations know already: with the dossier it was asked for, and kept a while for the next one.

Only adds, so it runs beside the version before; a column with a constant default is written without touching a row.

Revision: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ADDED = """
-- What each source said of this dossier, and when, by the name of the source; the author may still say otherwise.
ALTER TABLE dossier ADD known jsonb NOT NULL DEFAULT '{}';

-- Answers of sources until they expire; facts are null where the source knows nothing. What is about a person is
-- theirs alone: it has their account, and goes with it.
CREATE TABLE source_answer (
    source     text NOT NULL,
    key        text NOT NULL,
    account_id uuid REFERENCES account ON DELETE CASCADE,
    facts      jsonb,
    said_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (source, key)
);
CREATE INDEX source_answer_expires_at ON source_answer (expires_at);
CREATE INDEX source_answer_of_account ON source_answer (account_id) WHERE account_id IS NOT NULL;
"""

BACK = "DROP TABLE source_answer; ALTER TABLE dossier DROP known"


def upgrade() -> None:
    """Add them."""
    op.execute(ADDED)


def downgrade() -> None:
    """Drop them: what was filled in stays in the answers, where it came from is forgotten."""
    op.execute(BACK)
