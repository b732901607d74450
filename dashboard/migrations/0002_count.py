"""Keep the counts true however rows change: one at a time, in bulk, by COPY, or rolled back.

A statement trigger appends what changed to a pending table, which locks nothing. Now and then one
writer rolls what is pending up into the tally; the advisory lock lets one at a time do so, and
nobody wait.
"""

from django.conf import settings
from django.db import migrations

ZONE = """
CREATE FUNCTION dashboard_business_zone_v1() RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT %(zone)s $$;
"""
DROP_ZONE = "DROP FUNCTION dashboard_business_zone_v1();"

BAGS = """
CREATE FUNCTION dashboard_roll_up_bags_v1() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM dashboard_bagpending RETURNING *)
    INSERT INTO dashboard_bagtally AS t (kind, bag_type_id, area_id, bound_for_id, state, total)
    SELECT kind, bag_type_id, area_id, bound_for_id, state, sum(total)
    FROM gone GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, bag_type_id, area_id, bound_for_id, state)
    DO UPDATE SET total = t.total + excluded.total;
$$;

CREATE FUNCTION dashboard_count_bags_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM dashboard_bagpending;
        DELETE FROM dashboard_bagtally;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO dashboard_bagpending (kind, bag_type_id, area_id, bound_for_id, state, total)
        SELECT kind, bag_type_id, area_id, bound_for_id, state, count(*)
        FROM added GROUP BY 1, 2, 3, 4, 5;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO dashboard_bagpending (kind, bag_type_id, area_id, bound_for_id, state, total)
        SELECT kind, bag_type_id, area_id, bound_for_id, state, -count(*)
        FROM removed GROUP BY 1, 2, 3, 4, 5;
    ELSE
        INSERT INTO dashboard_bagpending (kind, bag_type_id, area_id, bound_for_id, state, total)
        SELECT kind, bag_type_id, area_id, bound_for_id, state, sum(n)
        FROM (
            SELECT kind, bag_type_id, area_id, bound_for_id, state, 1 AS n FROM added
            UNION ALL
            SELECT kind, bag_type_id, area_id, bound_for_id, state, -1 FROM removed
        ) AS changes
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0;
    END IF;
    IF random() < 0.004 AND pg_try_advisory_xact_lock(hashtext('dashboard_roll_up_bags')) THEN
        PERFORM dashboard_roll_up_bags_v1();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER dashboard_count_bags_insert_v1 AFTER INSERT ON bags_bag
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_bags_v1();
CREATE TRIGGER dashboard_count_bags_update_v1 AFTER UPDATE ON bags_bag
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_bags_v1();
CREATE TRIGGER dashboard_count_bags_delete_v1 AFTER DELETE ON bags_bag
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_bags_v1();
CREATE TRIGGER dashboard_count_bags_truncate_v1 AFTER TRUNCATE ON bags_bag
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_bags_v1();
"""
DROP_BAGS = """
DROP TRIGGER dashboard_count_bags_insert_v1 ON bags_bag;
DROP TRIGGER dashboard_count_bags_update_v1 ON bags_bag;
DROP TRIGGER dashboard_count_bags_delete_v1 ON bags_bag;
DROP TRIGGER dashboard_count_bags_truncate_v1 ON bags_bag;
DROP FUNCTION dashboard_count_bags_v1();
DROP FUNCTION dashboard_roll_up_bags_v1();
"""

BATCHES = """
CREATE FUNCTION dashboard_roll_up_batches_v1() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM dashboard_batchpending RETURNING *)
    INSERT INTO dashboard_batchtally AS t (state, held, total)
    SELECT state, held, sum(total) FROM gone GROUP BY 1, 2
    ON CONFLICT (state, held) DO UPDATE SET total = t.total + excluded.total;
$$;

CREATE FUNCTION dashboard_count_batches_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM dashboard_batchpending;
        DELETE FROM dashboard_batchtally;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO dashboard_batchpending (state, held, total)
        SELECT state, held, count(*) FROM added GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO dashboard_batchpending (state, held, total)
        SELECT state, held, -count(*) FROM removed GROUP BY 1, 2;
    ELSE
        INSERT INTO dashboard_batchpending (state, held, total)
        SELECT state, held, sum(n)
        FROM (
            SELECT state, held, 1 AS n FROM added
            UNION ALL
            SELECT state, held, -1 FROM removed
        ) AS changes
        GROUP BY 1, 2 HAVING sum(n) <> 0;
    END IF;
    IF random() < 0.01 AND pg_try_advisory_xact_lock(hashtext('dashboard_roll_up_batches')) THEN
        PERFORM dashboard_roll_up_batches_v1();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER dashboard_count_batches_insert_v1 AFTER INSERT ON bags_batch
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_batches_v1();
CREATE TRIGGER dashboard_count_batches_update_v1 AFTER UPDATE ON bags_batch
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_batches_v1();
CREATE TRIGGER dashboard_count_batches_delete_v1 AFTER DELETE ON bags_batch
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_batches_v1();
CREATE TRIGGER dashboard_count_batches_truncate_v1 AFTER TRUNCATE ON bags_batch
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_batches_v1();
"""
DROP_BATCHES = """
DROP TRIGGER dashboard_count_batches_insert_v1 ON bags_batch;
DROP TRIGGER dashboard_count_batches_update_v1 ON bags_batch;
DROP TRIGGER dashboard_count_batches_delete_v1 ON bags_batch;
DROP TRIGGER dashboard_count_batches_truncate_v1 ON bags_batch;
DROP FUNCTION dashboard_count_batches_v1();
DROP FUNCTION dashboard_roll_up_batches_v1();
"""

SCANS = """
CREATE FUNCTION dashboard_roll_up_scans_v1() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM dashboard_scanpending RETURNING *)
    INSERT INTO dashboard_scantally AS t (grain, day, hour, area_id, step, actor_id, total)
    SELECT 'all', NULL::date, NULL::smallint, area_id, step, NULL::bigint, sum(total)
    FROM gone GROUP BY area_id, step
    UNION ALL
    SELECT 'day', day, NULL, area_id, step, NULL, sum(total) FROM gone GROUP BY day, area_id, step
    UNION ALL
    SELECT 'hour', day, hour, area_id, '', NULL, sum(total) FROM gone GROUP BY day, hour, area_id
    UNION ALL
    SELECT 'actor', day, NULL, area_id, '', actor_id, sum(total)
    FROM gone GROUP BY day, area_id, actor_id
    UNION ALL
    SELECT 'person', NULL, NULL, NULL, step, actor_id, sum(total) FROM gone GROUP BY step, actor_id
    ON CONFLICT (grain, day, hour, area_id, step, actor_id)
    DO UPDATE SET total = t.total + excluded.total;
$$;

CREATE FUNCTION dashboard_count_scans_v1() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    zone text := dashboard_business_zone_v1();
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM dashboard_scanpending;
        DELETE FROM dashboard_scantally;
        RETURN NULL;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO dashboard_scanpending (day, hour, area_id, step, actor_id, total)
        SELECT (scanned_at AT TIME ZONE zone)::date,
               extract(hour FROM scanned_at AT TIME ZONE zone)::smallint,
               area_id, step, actor_id, count(*)
        FROM added GROUP BY 1, 2, 3, 4, 5;
    END IF;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        INSERT INTO dashboard_scanpending (day, hour, area_id, step, actor_id, total)
        SELECT (scanned_at AT TIME ZONE zone)::date,
               extract(hour FROM scanned_at AT TIME ZONE zone)::smallint,
               area_id, step, actor_id, -count(*)
        FROM removed GROUP BY 1, 2, 3, 4, 5;
    END IF;
    IF random() < 0.004 AND pg_try_advisory_xact_lock(hashtext('dashboard_roll_up_scans')) THEN
        PERFORM dashboard_roll_up_scans_v1();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER dashboard_count_scans_insert_v1 AFTER INSERT ON scans_scan
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_scans_v1();
CREATE TRIGGER dashboard_count_scans_update_v1 AFTER UPDATE ON scans_scan
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_scans_v1();
CREATE TRIGGER dashboard_count_scans_delete_v1 AFTER DELETE ON scans_scan
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_scans_v1();
CREATE TRIGGER dashboard_count_scans_truncate_v1 AFTER TRUNCATE ON scans_scan
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_scans_v1();
"""
DROP_SCANS = """
DROP TRIGGER dashboard_count_scans_insert_v1 ON scans_scan;
DROP TRIGGER dashboard_count_scans_update_v1 ON scans_scan;
DROP TRIGGER dashboard_count_scans_delete_v1 ON scans_scan;
DROP TRIGGER dashboard_count_scans_truncate_v1 ON scans_scan;
DROP FUNCTION dashboard_count_scans_v1();
DROP FUNCTION dashboard_roll_up_scans_v1();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0001_initial"),
        ("bags", "0001_initial"),
        ("scans", "0001_initial"),
    ]
    operations = [
        migrations.RunSQL(ZONE % {"zone": f"'{settings.BUSINESS_TIME_ZONE}'::text"}, DROP_ZONE),
        migrations.RunSQL(BAGS, DROP_BAGS),
        migrations.RunSQL(BATCHES, DROP_BATCHES),
        migrations.RunSQL(SCANS, DROP_SCANS),
    ]
