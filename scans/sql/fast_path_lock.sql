-- Lock the bags that the rows change, in the order of a unit of work: parents, then children, each
-- by code, then the children of parents that are dispatched or received. Bags that are only
-- inspected are not locked.
-- Index: bag_code_is_unique. Index: bag_children.
WITH named AS MATERIALIZED (
    SELECT bag.id, bag.kind FROM bags_bag AS bag
    WHERE bag.code = ANY (ARRAY(
        SELECT code FROM fast_path_requests WHERE step <> 'inspect'
        UNION SELECT parent_code FROM fast_path_requests WHERE parent_code IS NOT NULL
    ))
    ORDER BY bag.kind DESC, bag.code
    FOR NO KEY UPDATE
),
children AS MATERIALIZED (
    SELECT bag.id FROM bags_bag AS bag
    WHERE (SELECT count(*) FROM named) > 0
        AND bag.parent_id = ANY (ARRAY(
            SELECT parent.id FROM bags_bag AS parent
            WHERE parent.kind = 'parent' AND parent.code = ANY (ARRAY(
                SELECT code FROM fast_path_requests
                WHERE step IN (SELECT step FROM {transitions} WHERE moves_children)
            ))
        ))
    ORDER BY bag.code
    FOR NO KEY UPDATE
)
SELECT count(*) FROM children
