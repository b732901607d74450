"""Who deletes what the ledger may speak of has to see what is committed when it is asked about.

In a transaction with an older view of things nobody would be found who speaks of it.
docs/decisions/0007-statement-level-foreign-keys.md
"""

from django.db import migrations

CHECK = """
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'What the ledger may speak of goes in transactions that are READ COMMITTED.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
"""
FUNCTIONS = """
CREATE OR REPLACE FUNCTION scans_stay_wait_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{check}
    -- Waits for all who write to the ledger; who comes later waits, and finds it gone.
    LOCK TABLE scans_scan IN SHARE ROW EXCLUSIVE MODE;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION scans_stay_together_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{check}
    -- Emptied together with the ledger they may be: then it is empty by now.
    IF EXISTS (SELECT FROM scans_scan) THEN
        RAISE EXCEPTION 'The ledger speaks of what was to be emptied, %.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'scan_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("scans", "0009_refer_without_locks")]
    operations = [
        migrations.RunSQL(FUNCTIONS.format(check=CHECK), FUNCTIONS.format(check="")),
    ]
