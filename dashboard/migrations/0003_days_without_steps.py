"""The tally of a day says nothing of steps: of thirty days, the dashboard need not sum nine each.

While the lock is held nobody rolls up, so nobody adds rows of the old kind.
"""

from django.db import migrations

LOCK = "SELECT pg_advisory_xact_lock(hashtext('dashboard_roll_up_scans'))"
ROLL_UP = """
CREATE OR REPLACE FUNCTION dashboard_roll_up_scans_v1() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM dashboard_scanpending RETURNING *)
    INSERT INTO dashboard_scantally AS t (grain, day, hour, area_id, step, actor_id, total)
    SELECT 'all', NULL::date, NULL::smallint, area_id, step, NULL::bigint, sum(total)
    FROM gone GROUP BY area_id, step
    UNION ALL
    SELECT 'day', day, NULL, area_id, {step}, NULL, sum(total) FROM gone GROUP BY 2, 4, 5
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
"""
JOIN_DAYS = """
WITH gone AS (DELETE FROM dashboard_scantally WHERE grain = 'day' RETURNING *)
INSERT INTO dashboard_scantally (grain, day, area_id, step, total)
SELECT 'day', day, area_id, '', sum(total) FROM gone GROUP BY day, area_id
"""


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0002_count")]
    operations = [
        migrations.RunSQL(LOCK, LOCK),
        # On the way back the days stay joined; check_counters --repair parts them.
        migrations.RunSQL(JOIN_DAYS, migrations.RunSQL.noop),
        migrations.RunSQL(ROLL_UP.format(step="''"), ROLL_UP.format(step="step")),
    ]
