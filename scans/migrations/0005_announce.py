"""Who inserts scans says before that all its ids will be above a certain one, until it commits.

Why: bags/migrations/0004_announce.py.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION scans_announce_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('tracetrack.scans_announced', true), '') = '' THEN
        PERFORM pg_advisory_xact_lock_shared(
            hashtext('scans_scan'), (SELECT (last_value >> 4)::bit(32)::int FROM scans_scan_id_seq)
        );
        PERFORM set_config('tracetrack.scans_announced', 'yes', true);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER scans_announce_v1 BEFORE INSERT ON scans_scan
    FOR EACH STATEMENT EXECUTE FUNCTION scans_announce_v1();
"""
DROP = """
DROP TRIGGER scans_announce_v1 ON scans_scan;
DROP FUNCTION scans_announce_v1();
"""


class Migration(migrations.Migration):
    dependencies = [("scans", "0004_refer")]
    operations = [migrations.RunSQL(CREATE, DROP)]
