from django.db import migrations

#: The ledger is written once. TRUNCATE stays possible: tests empty tables by it, and it needs the owner of the table.
GUARD = """
CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', HINT = 'Correct it by another group.';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON pledges_ledgergroup
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON pledges_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
"""

#: Weighed when the transaction commits, once all entries of its groups are there.
BALANCE = """
CREATE OR REPLACE FUNCTION ledger_group_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE off numeric;
BEGIN
    SELECT sum(amount) INTO off FROM pledges_ledgerentry WHERE group_id = NEW.group_id;
    IF off <> 0 THEN
        RAISE EXCEPTION 'The entries of ledger group % are off by %.', NEW.group_id, off
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_group_balanced AFTER INSERT ON pledges_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_group_balances();
"""

DROP = """
DROP TRIGGER IF EXISTS ledger_group_balanced ON pledges_ledgerentry;
DROP TRIGGER IF EXISTS ledger_append_only ON pledges_ledgerentry;
DROP TRIGGER IF EXISTS ledger_append_only ON pledges_ledgergroup;
DROP FUNCTION IF EXISTS ledger_group_balances();
DROP FUNCTION IF EXISTS ledger_is_append_only();
"""


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GUARD, params=None)
        schema_editor.execute(BALANCE, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP, params=None)


class Migration(migrations.Migration):

    replaces = [("pledges", "0010_append_only_ledger")]

    dependencies = [("pledges", "0002_tax_rates")]

    operations = [migrations.RunPython(create, drop)]
