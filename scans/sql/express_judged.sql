-- The rows that the rules must decide; of the others, those that change nothing; and the bags of
-- the former that express_lock.sql has locked.
WITH touched AS MATERIALIZED (
    SELECT code FROM scans_staged JOIN scans_hard USING (n)
    UNION
    SELECT parent_code FROM scans_staged JOIN scans_hard USING (n)
)
SELECT
    (SELECT array_agg(n) FROM scans_hard),
    (
        SELECT array_agg(s.n) FROM scans_staged AS s JOIN scans_codes AS bag USING (code)
        WHERE s.step = 'register' AND NOT bag.fresh AND s.n NOT IN (SELECT n FROM scans_hard)
    ),
    (
        SELECT array_agg(code) FROM touched JOIN scans_codes AS bag USING (code)
        WHERE NOT bag.fresh AND bag.acts + bag.links + bag.others > 0
    )
