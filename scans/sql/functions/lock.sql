-- Lock codes and refs (advisory locks, in sorted order) and then the rows of existing bags, parents
-- first. Every transaction locks in this order, which avoids deadlocks.
CREATE OR REPLACE FUNCTION scans_lock(keys text[], codes text[])
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended(text, 0) AS key FROM unnest(keys) AS text ORDER BY key
    ) AS sorted;
    PERFORM FROM bags_bag AS bag WHERE bag.code = ANY (codes)
    ORDER BY bag.kind DESC, bag.code FOR NO KEY UPDATE;
END $$;
