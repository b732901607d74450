-- All scans by step. Parameters: areas bigint[] (null: all).
-- Index: scan_tally_is_unique.
SELECT coalesce(json_agg(json_build_object('step', step, 'scans', total) ORDER BY step), '[]')
FROM (
    SELECT step, sum(total)::bigint AS total
    FROM (
        SELECT step, area_id, total FROM dashboard_scantally WHERE grain = 'all'
        UNION ALL
        SELECT step, area_id, total FROM dashboard_scanpending
    ) AS counted
    WHERE %(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[])
    GROUP BY step
) AS steps
WHERE total > 0
