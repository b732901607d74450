-- Have to ourselves what the staged rows act upon, in the order of a desk: parents, then children,
-- each by code; then what lies in the sacks that go away. Who is only looked at is not locked.
-- Index: bag_code_is_unique. Index: bag_children.
WITH named AS MATERIALIZED (
    SELECT bag.id, bag.kind FROM bags_bag AS bag
    WHERE bag.code = ANY (ARRAY(
        SELECT code FROM scans_staged WHERE step <> 'inspect'
        UNION SELECT parent_code FROM scans_staged WHERE parent_code IS NOT NULL
    ))
    ORDER BY bag.kind DESC, bag.code
    FOR NO KEY UPDATE
),
inside AS MATERIALIZED (
    SELECT bag.id FROM bags_bag AS bag
    WHERE (SELECT count(*) FROM named) > 0
        AND bag.parent_id = ANY (ARRAY(
            SELECT sack.id FROM bags_bag AS sack
            WHERE sack.kind = 'parent' AND sack.code = ANY (ARRAY(
                SELECT code FROM scans_staged WHERE step IN ('dispatch', 'receive')
            ))
        ))
    ORDER BY bag.code
    FOR NO KEY UPDATE
)
SELECT count(*) FROM inside
