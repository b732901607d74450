-- Move pending scan counters to the tallies of all grains.
CREATE OR REPLACE FUNCTION dashboard_roll_up_scans()
RETURNS void
LANGUAGE sql
AS $$
    WITH removed AS (DELETE FROM dashboard_scanpending RETURNING *)
    INSERT INTO dashboard_scantally AS t (grain, day, hour, area_id, step, actor_id, total)
    SELECT 'all', NULL::date, NULL::smallint, area_id, step, NULL::bigint, sum(total)
    FROM removed GROUP BY area_id, step
    UNION ALL
    SELECT 'day', day, NULL, area_id, '', NULL, sum(total) FROM removed GROUP BY day, area_id
    UNION ALL
    SELECT 'step', day, NULL, area_id, step, NULL, sum(total)
    FROM removed GROUP BY day, area_id, step
    UNION ALL
    SELECT 'hour', day, hour, area_id, '', NULL, sum(total)
    FROM removed GROUP BY day, hour, area_id
    UNION ALL
    SELECT 'actor_day', day, NULL, area_id, '', actor_id, sum(total)
    FROM removed GROUP BY day, area_id, actor_id
    UNION ALL
    SELECT 'actor_step', NULL, NULL, NULL, step, actor_id, sum(total) FROM removed GROUP BY step, actor_id
    ON CONFLICT (grain, day, hour, area_id, step, actor_id)
    DO UPDATE SET total = t.total + excluded.total;
$$;
