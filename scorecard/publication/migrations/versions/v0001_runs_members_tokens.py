"""Runs with what they were judged on, who may do what, and what was done."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

UP = """
CREATE TABLE member (
    subject text PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('none', 'reader', 'publisher', 'administrator')),
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now(),
    signed_out timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON COLUMN member.signed_out IS 'sessions begun before are over';

CREATE TABLE token (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    digest bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('reader', 'publisher')),
    project text,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    expires_on date NOT NULL,
    revoked_at timestamptz
);
COMMENT ON COLUMN token.digest IS 'SHA-256 of the token; the token itself is shown once and not kept';
COMMENT ON COLUMN token.project IS 'the only project it may read or publish; every one when null';

CREATE TABLE run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    project text NOT NULL,
    made text NOT NULL,
    folder text NOT NULL,
    graded_on date NOT NULL,
    decision text NOT NULL,
    grade jsonb NOT NULL,
    answers jsonb NOT NULL,
    kind text NOT NULL,
    users bigint NOT NULL,
    until date,
    users_cap bigint,
    scorecard bytea NOT NULL,
    card bytea NOT NULL,
    files bytea NOT NULL,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN run.digest IS 'SHA-256 of scorecard.json, which names every piece of evidence by its own digest';
COMMENT ON COLUMN run.scorecard IS 'scorecard.json, gzip';
COMMENT ON COLUMN run.card IS 'the whole judgement as this service reached it, JSON, gzip';
COMMENT ON COLUMN run.files IS 'what it was judged on, a JSON object of file names and texts, gzip';
CREATE INDEX run_of_project ON run (project, made, id);

CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL,
    what text NOT NULL,
    about text NOT NULL
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)


def downgrade() -> None:
    """Take them away, with what they hold."""
    op.execute("DROP TABLE event, run, token, member")
