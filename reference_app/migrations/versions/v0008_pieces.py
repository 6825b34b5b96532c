"""Pieces: the files sent with a dossier.

Revision: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
-- A file sent with a dossier. Its bytes are elsewhere, under a random name: an infected file has none any more.
CREATE TABLE piece (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    dossier_id uuid NOT NULL REFERENCES dossier ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES account,
    name       text NOT NULL,
    filename   text NOT NULL,
    kind       text NOT NULL,
    size       bigint NOT NULL CHECK (size > 0),
    digest     bytea NOT NULL CHECK (length(digest) = 32),
    object     text UNIQUE,
    state      text NOT NULL CHECK (state IN ('en_attente', 'saine', 'infectee', 'non_analysee')),
    sent_at    timestamptz NOT NULL,
    scanned_at timestamptz,
    CHECK ((state = 'infectee') = (object IS NULL)),
    CHECK (CASE state WHEN 'en_attente' THEN scanned_at IS NULL WHEN 'non_analysee' THEN true
           ELSE scanned_at IS NOT NULL END),
    UNIQUE (dossier_id, name, digest) -- a file that is sent again is the same piece
);
CREATE INDEX piece_of_dossier ON piece (dossier_id, id);
CREATE INDEX piece_of_sender ON piece (account_id, sent_at);
CREATE INDEX piece_unscanned ON piece (sent_at) WHERE scanned_at IS NULL;

-- Kept with the dossier, so that a page of one without any asks for none; a constant default rewrites no row.
ALTER TABLE dossier ADD pieces integer NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop it, with all it holds; the files themselves stay where they are, until the service sweeps them."""
    op.execute("ALTER TABLE dossier DROP pieces; DROP TABLE piece")
