-- For the rules: also all other rows about the bags of such rows, and about the sacks they lie in.
DO $$ BEGIN
    LOOP
        WITH touched AS MATERIALIZED (
            SELECT code FROM scans_staged JOIN scans_hard USING (n)
            UNION
            SELECT parent_code FROM scans_staged JOIN scans_hard USING (n) WHERE parent_code IS NOT NULL
        ),
        spoilt AS MATERIALIZED (
            SELECT code FROM touched
            UNION
            SELECT (SELECT sack.code FROM bags_bag AS sack WHERE sack.id = bag.parent_id)
            FROM touched JOIN scans_codes AS bag USING (code)
            WHERE bag.parent_id IS NOT NULL
        )
        INSERT INTO scans_hard
        SELECT n FROM scans_staged JOIN spoilt USING (code)
        UNION
        SELECT n FROM scans_staged JOIN spoilt ON spoilt.code = parent_code
        EXCEPT
        SELECT n FROM scans_hard;
        EXIT WHEN NOT FOUND;
    END LOOP;
END $$
