-- If a row needs the rules, so do all other rows about its bags and about the parents that these
-- are in.
DO $$ BEGIN
    LOOP
        WITH named AS MATERIALIZED (
            SELECT code FROM fast_path_requests JOIN fast_path_needs_rules USING (n)
            UNION
            SELECT parent_code FROM fast_path_requests JOIN fast_path_needs_rules USING (n)
            WHERE parent_code IS NOT NULL
        ),
        affected AS MATERIALIZED (
            SELECT code FROM named
            UNION
            SELECT (SELECT parent.code FROM bags_bag AS parent WHERE parent.id = bag.parent_id)
            FROM named JOIN fast_path_codes AS bag USING (code)
            WHERE bag.parent_id IS NOT NULL
        )
        INSERT INTO fast_path_needs_rules
        SELECT n FROM fast_path_requests JOIN affected USING (code)
        UNION
        SELECT n FROM fast_path_requests JOIN affected ON affected.code = parent_code
        EXCEPT
        SELECT n FROM fast_path_needs_rules;
        EXIT WHEN NOT FOUND;
    END LOOP;
END $$
