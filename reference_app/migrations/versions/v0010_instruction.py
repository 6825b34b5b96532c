"""Groups of agents, search, advice, decisions in batch, synthesis, exports: what thousands of agents need.

A service of the version before runs on: new columns have a default, indexes are made without a lock that would stop it.

Revision: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# What is there already is left: a step cut off while its indexes were made is taken again.
TABLES = """
-- Which group has a dossier, and in which answers it is found: their names, so that what a person wrote is kept once.
-- The defaults are those of the one procedure there was: no row is rewritten.
ALTER TABLE dossier ADD IF NOT EXISTS groupe text NOT NULL DEFAULT 'emergency-aid',
                    ADD IF NOT EXISTS title_in text DEFAULT 'company_name',
                    ADD IF NOT EXISTS siret_in text DEFAULT 'siret',
                    ADD IF NOT EXISTS email_in text DEFAULT 'contact_email',
                    ADD IF NOT EXISTS advice integer NOT NULL DEFAULT 0,
                    ADD IF NOT EXISTS advice_pending integer NOT NULL DEFAULT 0;

-- Small letters without accents: how names are compared. The second gives what is left of a name from its word n on.
CREATE OR REPLACE FUNCTION folded(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT RETURN
    regexp_replace(normalize(replace(replace(lower(said), 'œ', 'oe'), 'æ', 'ae'), NFD), '[\\u0300-\\u036f]', '', 'g');
CREATE OR REPLACE FUNCTION folded_from(said text, n integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN (regexp_match(folded(said), '^(?:[^a-z0-9]*[a-z0-9]+[^a-z0-9]+){' || n - 1 || '}(.*)$'))[1];

-- An agent as the identity provider last named them: who is told, asked and shown among colleagues.
CREATE TABLE IF NOT EXISTS agent (
    account_id uuid PRIMARY KEY REFERENCES account,
    name       text NOT NULL,
    email      text
);
CREATE INDEX IF NOT EXISTS agent_email ON agent (lower(email)) WHERE email IS NOT NULL;

-- Who is in a group. A group without a rule of its own has every agent of the organisation, and no row for them.
CREATE TABLE IF NOT EXISTS groupe_membre (
    agent_id   uuid NOT NULL REFERENCES account,
    groupe     text NOT NULL,
    supervisor boolean NOT NULL DEFAULT false,
    added_at   timestamptz NOT NULL,
    PRIMARY KEY (agent_id, groupe)
);
CREATE INDEX IF NOT EXISTS groupe_membre_of_groupe ON groupe_membre (groupe, agent_id);

-- Advice asked of a third party: a colleague, or somebody outside who has a code. Only its digest is kept.
CREATE TABLE IF NOT EXISTS avis (
    id          uuid PRIMARY KEY DEFAULT uuidv7(),
    dossier_id  uuid NOT NULL REFERENCES dossier ON DELETE CASCADE,
    asked_by    uuid NOT NULL REFERENCES account,
    expert_id   uuid REFERENCES account,
    expert      text NOT NULL,
    question    text NOT NULL,
    shown       text[] NOT NULL,
    digest      bytea,
    tries       integer NOT NULL DEFAULT 0,
    asked_at    timestamptz NOT NULL,
    ends_on     date NOT NULL,
    reminded_at timestamptz,
    opinion     text CHECK (opinion IN ('favourable', 'reserved', 'unfavourable')),
    said        text,
    answered_at timestamptz,
    CHECK (num_nulls(expert_id, digest) = 1),
    CHECK (num_nulls(opinion, said, answered_at) IN (0, 3))
);
CREATE INDEX IF NOT EXISTS avis_of_dossier ON avis (dossier_id, id);
CREATE INDEX IF NOT EXISTS avis_of_expert ON avis (expert_id, id) WHERE answered_at IS NULL;
CREATE INDEX IF NOT EXISTS avis_to_remind ON avis (ends_on, id) WHERE answered_at IS NULL AND reminded_at IS NULL;

-- One decision for many dossiers, and what became of each.
CREATE TABLE IF NOT EXISTS lot (
    id         uuid PRIMARY KEY,
    agent_id   uuid NOT NULL REFERENCES account,
    decision   text NOT NULL CHECK (decision IN ('accepte', 'refuse', 'sans_suite')),
    motivation text NOT NULL,
    asked_at   timestamptz NOT NULL,
    done_at    timestamptz
);
CREATE TABLE IF NOT EXISTS lot_dossier (
    lot_id     uuid NOT NULL REFERENCES lot ON DELETE CASCADE,
    rank       integer NOT NULL,
    dossier_id uuid NOT NULL REFERENCES dossier ON DELETE CASCADE,
    done       boolean,
    why        text,
    PRIMARY KEY (lot_id, rank),
    UNIQUE (lot_id, dossier_id)
);
CREATE INDEX IF NOT EXISTS lot_dossier_of_dossier ON lot_dossier (dossier_id);

-- The synthesis as it was last made: read by pages, written by a job.
CREATE TABLE IF NOT EXISTS synthese_mois (
    groupe      text NOT NULL,
    month       date NOT NULL,
    filed       integer NOT NULL,
    at_counter  integer NOT NULL,
    asked_eur   bigint NOT NULL,
    decided     integer NOT NULL,
    accepted    integer NOT NULL,
    granted_eur bigint NOT NULL,
    median_s    double precision,
    p90_s       double precision,
    PRIMARY KEY (groupe, month)
);
CREATE TABLE IF NOT EXISTS synthese (
    groupe  text PRIMARY KEY,
    made_at timestamptz NOT NULL,
    waiting integer[] NOT NULL,
    near    integer NOT NULL,
    answers jsonb NOT NULL
);

-- A file asked for by an agent, for them alone, for a day.
CREATE TABLE IF NOT EXISTS export (
    id         uuid PRIMARY KEY,
    agent_id   uuid NOT NULL REFERENCES account,
    format     text NOT NULL CHECK (format IN ('csv', 'jsonl')),
    filters    jsonb NOT NULL,
    language   text NOT NULL,
    asked_at   timestamptz NOT NULL,
    written    integer NOT NULL DEFAULT 0,
    done_at    timestamptz,
    bytes      bigint
);
CREATE INDEX IF NOT EXISTS export_of_agent ON export (agent_id, id);
CREATE INDEX IF NOT EXISTS export_age ON export (asked_at);

-- What is done by agents and belongs to no one dossier: each digest covers the payload and the digest before it.
CREATE TABLE IF NOT EXISTS journal (
    rank    bigint PRIMARY KEY,
    payload text NOT NULL,
    digest  bytea NOT NULL
);
"""

# Each alone and outside of a transaction: filing and booking go on while they are made.
INDEXES = {
    "dossier_of_groupe": "(groupe, state, filed_at, id) WHERE state <> 'brouillon'",
    "dossier_to_take": "(groupe, filed_at, id) WHERE state = 'en_construction' AND correction_asked_at IS NULL",
    "dossier_to_mend": "(groupe, filed_at, id) WHERE state = 'en_construction' AND correction_asked_at IS NOT NULL",
    "dossier_near_silence": "(groupe, silence_on, id) WHERE state IN ('en_construction', 'en_instruction')",
    "dossier_advised": "(groupe, filed_at, id) WHERE advice_pending > 0",
    "dossier_siret": "(groupe, (answers ->> siret_in), id) WHERE state <> 'brouillon'",
    "dossier_email": "(groupe, folded(answers ->> email_in), id) WHERE state <> 'brouillon'",
    **{
        f"dossier_word_{n}": f'(groupe, folded_from(answers ->> title_in, {n}) COLLATE "C", id)'
        " WHERE state <> 'brouillon'"
        for n in (1, 2, 3)
    },
}

BACK = """
DROP TABLE journal, export, synthese, synthese_mois, lot_dossier, lot, avis, groupe_membre, agent;
ALTER TABLE dossier DROP groupe, DROP title_in, DROP siret_in, DROP email_in, DROP advice, DROP advice_pending;
DROP FUNCTION folded_from(text, integer);
DROP FUNCTION folded(text);
"""


def upgrade() -> None:
    """Make the tables and indexes."""
    op.execute(TABLES)
    with op.get_context().autocommit_block():
        for name, on in INDEXES.items():
            # One that was cut off half-way is there without being used: it is made again.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON dossier {on}")
        # The index of a group serves what these did, which agents of the version before read in the meantime.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS dossier_waiting")


def downgrade() -> None:
    """Drop them, with all they hold."""
    op.execute(BACK)
    op.execute(
        "CREATE INDEX dossier_waiting ON dossier (filed_at, id)"
        " WHERE state = 'en_construction' AND correction_asked_at IS NULL"
    )
