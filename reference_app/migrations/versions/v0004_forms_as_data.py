"""Dossiers of any procedure: the answers of its form in one column.

The columns of the one form there was go in the same step, so the service is stopped for it.

Revision: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ANSWERS = """
ALTER TABLE dossier ADD procedure text NOT NULL DEFAULT 'emergency-aid', ADD answers jsonb NOT NULL DEFAULT '{}';
UPDATE dossier SET answers = jsonb_strip_nulls(jsonb_build_object(
    'siret', siret, 'company_name', company_name, 'contact_email', contact_email, 'need', need,
    'amount', amount, 'iban', iban));
ALTER TABLE dossier DROP siret, DROP company_name, DROP contact_email, DROP need, DROP amount, DROP iban,
                    ALTER procedure DROP DEFAULT;
-- The check that filed means complete went with its columns: which answers are needed is the procedure's to say.
ALTER TABLE dossier ADD CONSTRAINT dossier_receipted
    CHECK (state = 'brouillon' OR num_nulls(receipt_number, filed_at, silence_on, head) = 0);
"""

COLUMNS = """
ALTER TABLE dossier DROP CONSTRAINT dossier_receipted,
    ADD siret text, ADD company_name text, ADD contact_email text, ADD need text,
    ADD amount integer CHECK (amount > 0), ADD iban text;
UPDATE dossier SET siret = answers->>'siret', company_name = answers->>'company_name',
    contact_email = answers->>'contact_email', need = answers->>'need', amount = (answers->>'amount')::integer,
    iban = answers->>'iban';
ALTER TABLE dossier DROP answers, DROP procedure,
    ADD CHECK (state = 'brouillon' OR num_nulls(siret, company_name, contact_email, need, amount,
                                                receipt_number, filed_at, silence_on, head) = 0);
"""


def upgrade() -> None:
    """Gather the answers."""
    op.execute(ANSWERS)


def downgrade() -> None:
    """Spread them again; refused by the database while dossiers of another procedure are filed."""
    op.execute(COLUMNS)
