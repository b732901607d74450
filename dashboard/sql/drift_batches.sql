-- Batch counters that differ from a recount: state, held, value, recount.
SELECT state, held, sum(value)::bigint, sum(recount)::bigint
FROM (
    SELECT state, held, total AS value, 0 AS recount FROM dashboard_batchtally
    UNION ALL
    SELECT state, held, total, 0 FROM dashboard_batchpending
    UNION ALL
    SELECT state, held, 0, count(*) FROM bags_batch GROUP BY 1, 2
) AS compared
GROUP BY 1, 2
HAVING sum(value) <> sum(recount)
ORDER BY 1, 2
