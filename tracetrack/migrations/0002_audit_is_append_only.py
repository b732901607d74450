"""The audit log is append-only, as the ledger is; the same maintenance path."""

from django.db import migrations

CREATE = """
CREATE FUNCTION tracetrack_audit_append_only_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('tracetrack.maintenance', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER tracetrack_audit_append_only_v1
    BEFORE UPDATE OR DELETE OR TRUNCATE ON tracetrack_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION tracetrack_audit_append_only_v1();
"""
DROP = """
DROP TRIGGER tracetrack_audit_append_only_v1 ON tracetrack_auditentry;
DROP FUNCTION tracetrack_audit_append_only_v1();
"""


class Migration(migrations.Migration):
    dependencies = [("tracetrack", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
