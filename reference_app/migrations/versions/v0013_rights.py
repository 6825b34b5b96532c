"""Rights: who opened a dossier, what was forgotten, what was told before, and figures that are published.

Revision: 0013
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
-- Which agent opened which dossier on which day: what a person may ask for. One row, however often that day.
CREATE TABLE IF NOT EXISTS consultation (
    dossier_id uuid NOT NULL REFERENCES dossier ON DELETE CASCADE,
    agent_id   uuid NOT NULL REFERENCES account,
    day        date NOT NULL,
    PRIMARY KEY (dossier_id, agent_id, day)
);

-- What was forgotten, by which rule: an identifier that leads nowhere any more, and the last digest of its log.
CREATE TABLE IF NOT EXISTS forgotten (
    dossier_id   uuid PRIMARY KEY,
    procedure    text NOT NULL,
    rule         text NOT NULL,
    head         bytea,
    forgotten_at timestamptz NOT NULL
);

-- When the author of a draft was told that it is about to be forgotten.
CREATE TABLE IF NOT EXISTS purge_notice (
    dossier_id uuid PRIMARY KEY REFERENCES dossier ON DELETE CASCADE,
    told_at    timestamptz NOT NULL
);

-- Figures of a month, published once and never changed: two editions that differ would tell what lies between.
CREATE TABLE IF NOT EXISTS published_month (
    procedure    text NOT NULL,
    month        date NOT NULL CHECK (extract(day FROM month) = 1),
    cells        jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (procedure, month)
);

-- The files of open data as they are served.
CREATE TABLE IF NOT EXISTS published_file (
    procedure  text NOT NULL,
    name       text NOT NULL,
    media_type text NOT NULL,
    body       bytea NOT NULL,
    digest     text NOT NULL,
    made_at    timestamptz NOT NULL,
    PRIMARY KEY (procedure, name)
);
"""

INDEXES = {
    # In the order of creation, and without "updated_at": saving a draft goes on changing its row in place.
    "dossier_drafts": "dossier (id) WHERE state = 'brouillon'",
    "dossier_decided": "dossier (decided_at) WHERE decided_at IS NOT NULL",
    "dossier_filed": "dossier (procedure, filed_at) WHERE filed_at IS NOT NULL",
    "mandat_ends": "mandat (ends_at)",
    "mandat_of_account": "mandat (account_id)",
    "consultation_day": "consultation (day)",
    "counter_code_expires": "counter_code (expires_at)",
}


def upgrade() -> None:
    """Make the tables, then the indexes beside a service that runs; done again after it was interrupted."""
    op.execute(TABLES)
    with op.get_context().autocommit_block():
        for name, on in INDEXES.items():
            op.execute(f"DROP INDEX IF EXISTS {name}")  # one that an interrupted step left is not valid
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {on}")


def downgrade() -> None:
    """Drop them; that figures were published is forgotten."""
    op.execute(f"DROP INDEX {', '.join(INDEXES)}")
    op.execute("DROP TABLE published_file, published_month, purge_notice, forgotten, consultation")
