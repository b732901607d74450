"""Each day's steps are tallied, and each day's change of the stock.

While the locks are held nobody rolls up, so the steps of the past are counted exactly once: what
the ledger holds less what is still pending, both seen in one snapshot.
"""

from django.db import migrations

LOCK = """
SELECT pg_advisory_xact_lock(hashtext('dashboard_roll_up_bags')),
    pg_advisory_xact_lock(hashtext('dashboard_roll_up_batches')),
    pg_advisory_xact_lock(hashtext('dashboard_roll_up_scans'))
"""
BAGS = """
CREATE OR REPLACE FUNCTION dashboard_roll_up_bags_v1() RETURNS void LANGUAGE sql AS $$
    DELETE FROM dashboard_bagday
    WHERE day < (now() AT TIME ZONE dashboard_business_zone_v1())::date - 1;
    WITH gone AS (DELETE FROM dashboard_bagpending RETURNING *),
    changed AS (
        INSERT INTO dashboard_bagday AS d
            (day, kind, bag_type_id, area_id, bound_for_id, state, total)
        SELECT day, kind, bag_type_id, area_id, bound_for_id, state, sum(total)
        FROM gone
        WHERE day >= (now() AT TIME ZONE dashboard_business_zone_v1())::date - 1
        GROUP BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (day, kind, bag_type_id, area_id, bound_for_id, state)
        DO UPDATE SET total = d.total + excluded.total
    )
    INSERT INTO dashboard_bagtally AS t (kind, bag_type_id, area_id, bound_for_id, state, total)
    SELECT kind, bag_type_id, area_id, bound_for_id, state, sum(total)
    FROM gone GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, bag_type_id, area_id, bound_for_id, state)
    DO UPDATE SET total = t.total + excluded.total;
$$;
"""
BAGS_BEFORE = """
CREATE OR REPLACE FUNCTION dashboard_roll_up_bags_v1() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM dashboard_bagpending RETURNING *)
    INSERT INTO dashboard_bagtally AS t (kind, bag_type_id, area_id, bound_for_id, state, total)
    SELECT kind, bag_type_id, area_id, bound_for_id, state, sum(total)
    FROM gone GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, bag_type_id, area_id, bound_for_id, state)
    DO UPDATE SET total = t.total + excluded.total;
$$;
"""
BATCHES = """
CREATE OR REPLACE FUNCTION dashboard_roll_up_batches_v1() RETURNS void LANGUAGE sql AS $$
    DELETE FROM dashboard_batchday
    WHERE day < (now() AT TIME ZONE dashboard_business_zone_v1())::date - 1;
    WITH gone AS (DELETE FROM dashboard_batchpending RETURNING *),
    changed AS (
        INSERT INTO dashboard_batchday AS d (day, state, held, total)
        SELECT day, state, held, sum(total)
        FROM gone
        WHERE day >= (now() AT TIME ZONE dashboard_business_zone_v1())::date - 1
        GROUP BY 1, 2, 3
        ON CONFLICT (day, state, held) DO UPDATE SET total = d.total + excluded.total
    )
    INSERT INTO dashboard_batchtally AS t (state, held, total)
    SELECT state, held, sum(total) FROM gone GROUP BY 1, 2
    ON CONFLICT (state, held) DO UPDATE SET total = t.total + excluded.total;
$$;
"""
BATCHES_BEFORE = """
CREATE OR REPLACE FUNCTION dashboard_roll_up_batches_v1() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM dashboard_batchpending RETURNING *)
    INSERT INTO dashboard_batchtally AS t (state, held, total)
    SELECT state, held, sum(total) FROM gone GROUP BY 1, 2
    ON CONFLICT (state, held) DO UPDATE SET total = t.total + excluded.total;
$$;
"""
FORGET = """
CREATE FUNCTION dashboard_forget_days_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'bags_bag' THEN
        DELETE FROM dashboard_bagday;
    ELSE
        DELETE FROM dashboard_batchday;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dashboard_forget_days_v1 AFTER TRUNCATE ON bags_bag
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_forget_days_v1();
CREATE TRIGGER dashboard_forget_days_v1 AFTER TRUNCATE ON bags_batch
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard_forget_days_v1();
"""
DROP_FORGET = """
DROP TRIGGER dashboard_forget_days_v1 ON bags_bag;
DROP TRIGGER dashboard_forget_days_v1 ON bags_batch;
DROP FUNCTION dashboard_forget_days_v1();
"""
SCANS = """
CREATE OR REPLACE FUNCTION dashboard_roll_up_scans_v1() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM dashboard_scanpending RETURNING *)
    INSERT INTO dashboard_scantally AS t (grain, day, hour, area_id, step, actor_id, total)
    SELECT 'all', NULL::date, NULL::smallint, area_id, step, NULL::bigint, sum(total)
    FROM gone GROUP BY area_id, step
    UNION ALL
    SELECT 'day', day, NULL, area_id, '', NULL, sum(total) FROM gone GROUP BY day, area_id
    UNION ALL
    {step}SELECT 'hour', day, hour, area_id, '', NULL, sum(total)
    FROM gone GROUP BY day, hour, area_id
    UNION ALL
    SELECT 'actor', day, NULL, area_id, '', actor_id, sum(total)
    FROM gone GROUP BY day, area_id, actor_id
    UNION ALL
    SELECT 'person', NULL, NULL, NULL, step, actor_id, sum(total) FROM gone GROUP BY step, actor_id
    ON CONFLICT (grain, day, hour, area_id, step, actor_id)
    DO UPDATE SET total = t.total + excluded.total;
$$;
"""
OF_STEPS = """SELECT 'step', day, NULL, area_id, step, NULL, sum(total)
    FROM gone GROUP BY day, area_id, step
    UNION ALL
    """
COUNT_STEPS = """
SET LOCAL statement_timeout = 0;
INSERT INTO dashboard_scantally (grain, day, area_id, step, total)
SELECT 'step', day, area_id, step, sum(total)
FROM (
    SELECT (scanned_at AT TIME ZONE dashboard_business_zone_v1())::date AS day, area_id, step,
        count(*) AS total
    FROM scans_scan GROUP BY 1, 2, 3
    UNION ALL
    SELECT day, area_id, step, -sum(total) FROM dashboard_scanpending GROUP BY 1, 2, 3
) AS both_parts
GROUP BY 1, 2, 3, 4 HAVING sum(total) <> 0
"""
FORGET_STEPS = "DELETE FROM dashboard_scantally WHERE grain = 'step'"


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0004_days_of_change")]
    operations = [
        migrations.RunSQL(LOCK, LOCK),
        migrations.RunSQL(COUNT_STEPS, FORGET_STEPS),
        migrations.RunSQL(SCANS.format(step=OF_STEPS), SCANS.format(step="")),
        migrations.RunSQL(BAGS, BAGS_BEFORE),
        migrations.RunSQL(BATCHES, BATCHES_BEFORE),
        migrations.RunSQL(FORGET, DROP_FORGET),
    ]
