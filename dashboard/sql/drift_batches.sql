-- Batch counters that differ from the table: state, held, is, should be.
SELECT state, held, sum(is_now)::bigint, sum(should_be)::bigint
FROM (
    SELECT state, held, total AS is_now, 0 AS should_be FROM dashboard_batchtally
    UNION ALL
    SELECT state, held, total, 0 FROM dashboard_batchpending
    UNION ALL
    SELECT state, held, 0, count(*) FROM bags_batch GROUP BY 1, 2
) AS both_ways
GROUP BY 1, 2
HAVING sum(is_now) <> sum(should_be)
ORDER BY 1, 2
