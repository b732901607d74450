-- The number of batches in a state. Parameters: state text, held boolean (null: any).
SELECT coalesce(sum(total), 0)::bigint
FROM (
    SELECT state, held, total FROM dashboard_batchtally
    UNION ALL
    SELECT state, held, total FROM dashboard_batchpending
) AS counted
WHERE (%(state)s::text IS NULL OR state = %(state)s::text)
    AND (%(held)s::boolean IS NULL OR held = %(held)s::boolean)
