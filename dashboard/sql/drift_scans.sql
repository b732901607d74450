-- Scan counters that differ from a recount of the ledger, at every grain: grain, day, hour, area,
-- step, actor, value, recount.
WITH finest AS (
    SELECT (scanned_at AT TIME ZONE dashboard_business_zone())::date AS day,
        extract(hour FROM scanned_at AT TIME ZONE dashboard_business_zone())::int AS hour,
        area_id, step, actor_id, 0 AS value, count(*) AS recount
    FROM scans_scan GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT day, hour, area_id, step, actor_id, total, 0 FROM dashboard_scanpending
),
grains AS (
    SELECT 'all' AS grain, NULL::date AS day, NULL::int AS hour, area_id, step,
        NULL::bigint AS actor_id, value, recount
    FROM finest
    UNION ALL
    SELECT 'day', day, NULL, area_id, '', NULL, value, recount FROM finest
    UNION ALL
    SELECT 'step', day, NULL, area_id, step, NULL, value, recount FROM finest
    UNION ALL
    SELECT 'hour', day, hour, area_id, '', NULL, value, recount FROM finest
    UNION ALL
    SELECT 'actor_day', day, NULL, area_id, '', actor_id, value, recount FROM finest
    UNION ALL
    SELECT 'actor_step', NULL, NULL, NULL, step, actor_id, value, recount FROM finest
    UNION ALL
    SELECT grain, day, hour, area_id, step, actor_id, total, 0 FROM dashboard_scantally
)
SELECT grain, day, hour, area_id, step, actor_id, sum(value)::bigint, sum(recount)::bigint
FROM grains
GROUP BY 1, 2, 3, 4, 5, 6
HAVING sum(value) <> sum(recount)
ORDER BY 1, 2, 3, 4, 5, 6
