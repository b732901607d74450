-- The number of loads, and the number of scans that lead to their states.
SELECT count(*), sum(
    CASE WHEN is_loose THEN filled ELSE 1 + 2 * filled END + closed_early::int
    + (dispatched IS NOT NULL)::int + (received IS NOT NULL)::int + (returned IS NOT NULL)::int
)::bigint
FROM seed_load
