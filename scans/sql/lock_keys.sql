-- Make everybody who speaks of one of these codes or refs wait for his turn, until the transaction ends.
-- Parameters: keys text[]. Taken in one sorted order, so that nobody waits in a ring.
SELECT pg_advisory_xact_lock(key)
FROM (
    SELECT DISTINCT hashtextextended(text, 0) AS key
    FROM unnest(%(keys)s::text[]) AS text
    ORDER BY key
) AS keys
