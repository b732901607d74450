-- How many loads there are, and how many scans it takes for them to be as they are.
SELECT count(*), sum(
    CASE WHEN tray THEN filled ELSE 1 + 2 * filled END + closed_early::int
    + (dispatched IS NOT NULL)::int + (received IS NOT NULL)::int + (returned IS NOT NULL)::int
)::bigint
FROM seed_load
