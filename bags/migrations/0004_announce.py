"""Who inserts bags says before that all its ids will be above a certain one, until it commits.

Ids are taken in one order and become visible in another. With this, a reader knows up to which id
nothing can appear any more: tracetrack/sql/settled.sql. A shared lock is a note that vanishes
with its transaction, also with its server.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION bags_announce_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('tracetrack.bags_announced', true), '') = '' THEN
        PERFORM pg_advisory_xact_lock_shared(
            hashtext('bags_bag'), (SELECT (last_value >> 4)::bit(32)::int FROM bags_bag_id_seq)
        );
        PERFORM set_config('tracetrack.bags_announced', 'yes', true);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bags_announce_v1 BEFORE INSERT ON bags_bag
    FOR EACH STATEMENT EXECUTE FUNCTION bags_announce_v1();
"""
DROP = """
DROP TRIGGER bags_announce_v1 ON bags_bag;
DROP FUNCTION bags_announce_v1();
"""


class Migration(migrations.Migration):
    dependencies = [("bags", "0003_bag_filters")]
    operations = [migrations.RunSQL(CREATE, DROP)]
