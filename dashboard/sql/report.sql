-- Scan counts by business day, area and step.
-- Parameters: areas bigint[] (null: all), first date, last date.
-- Index: scan_tally_is_unique.
WITH counted AS (
    SELECT day, area_id, step, sum(total)::bigint AS total
    FROM (
        SELECT day, area_id, step, total FROM dashboard_scantally
        WHERE grain = 'step' AND day BETWEEN %(first)s::date AND %(last)s::date
        UNION ALL
        SELECT day, area_id, step, total FROM dashboard_scanpending
        WHERE day BETWEEN %(first)s::date AND %(last)s::date
    ) AS tally_and_pending
    WHERE %(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[])
    GROUP BY 1, 2, 3
    HAVING sum(total) > 0
)
SELECT coalesce(json_agg(json_build_object(
    'day', counted.day, 'area', area.code, 'step', counted.step, 'scans', counted.total
) ORDER BY counted.day DESC, area.code, counted.step), '[]')
FROM counted JOIN bags_area AS area ON area.id = counted.area_id
