-- The scan counts of one user. Parameters: actor bigint, today date.
-- Index: scan_tally_is_unique.
WITH steps AS (
    SELECT step, sum(total)::bigint AS total
    FROM (
        SELECT step, total FROM dashboard_scantally
        WHERE grain = 'actor_step' AND day IS NULL AND hour IS NULL AND area_id IS NULL
            AND actor_id = %(actor)s
        UNION ALL
        SELECT step, total FROM dashboard_scanpending WHERE actor_id = %(actor)s
    ) AS counted
    GROUP BY step
),
days AS (
    SELECT day, sum(total)::bigint AS total
    FROM (
        SELECT day, total FROM dashboard_scantally
        WHERE grain = 'actor_day' AND day > %(today)s::date - 7 AND actor_id = %(actor)s
        UNION ALL
        SELECT day, total FROM dashboard_scanpending WHERE actor_id = %(actor)s
    ) AS counted
    WHERE day BETWEEN %(today)s::date - 6 AND %(today)s::date
    GROUP BY day
)
SELECT json_build_object(
    'total', coalesce((SELECT sum(total) FROM steps), 0),
    'today', coalesce((SELECT total FROM days WHERE day = %(today)s::date), 0),
    'week', coalesce((SELECT sum(total) FROM days), 0),
    'by_step', coalesce(
        (SELECT json_object_agg(step, total ORDER BY step) FROM steps WHERE total > 0), '{}')
)
