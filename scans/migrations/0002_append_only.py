"""The ledger has no eraser: the database itself refuses UPDATE, DELETE and TRUNCATE.

The documented maintenance path: SET LOCAL tracetrack.maintenance = 'on', in one transaction.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION scans_append_only_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('tracetrack.maintenance', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The ledger is append-only: % on scans is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Record an undo instead.';
END $$;
CREATE TRIGGER scans_append_only_v1 BEFORE UPDATE OR DELETE OR TRUNCATE ON scans_scan
    FOR EACH STATEMENT EXECUTE FUNCTION scans_append_only_v1();
"""
DROP = """
DROP TRIGGER scans_append_only_v1 ON scans_scan;
DROP FUNCTION scans_append_only_v1();
"""


class Migration(migrations.Migration):
    dependencies = [("scans", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
