-- For the rules: also all other rows about the bags of such rows, and about the sacks they lie in.
WITH touched AS MATERIALIZED (
    SELECT code FROM scans_staged JOIN scans_hard USING (n)
    UNION
    SELECT parent_code FROM scans_staged JOIN scans_hard USING (n) WHERE parent_code IS NOT NULL
),
spoilt AS MATERIALIZED (
    SELECT code FROM touched
    UNION
    SELECT sack.code FROM touched
    JOIN scans_codes AS bag USING (code)
    JOIN bags_bag AS sack ON sack.id = bag.parent_id
)
INSERT INTO scans_hard
SELECT n FROM scans_staged
WHERE (code IN (SELECT code FROM spoilt) OR parent_code IN (SELECT code FROM spoilt))
    AND n NOT IN (SELECT n FROM scans_hard)
