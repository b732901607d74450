-- Insert the new bags of the fast path in their final state, parents first.
INSERT INTO bags_bag (
    id, code, kind, bag_type_id, parent_id, area_id, bound_for_id, state, capacity, child_count,
    weight
)
SELECT new.id, new.code, new.kind, new.bag_type_id, new.parent_id, new.area_id, new.bound_for_id,
    CASE WHEN new.link_count = bag_type.capacity THEN {state_when_filled}
        ELSE transition.to_state
    END,
    CASE WHEN new.kind = 'parent' THEN bag_type.capacity END, new.link_count,
    CASE WHEN new.kind = 'parent' THEN new.content_weight ELSE bag_type.child_weight END
FROM (
    SELECT parent.id, parent.code, parent.kind, parent.bag_type_id, NULL::bigint AS parent_id,
        min(link.area_id) AS area_id, NULL::bigint AS bound_for_id, 'register' AS step,
        count(*) AS link_count, sum(link.weight) AS content_weight
    FROM fast_path_links AS link
    JOIN fast_path_codes AS parent ON parent.id = link.parent_id
    WHERE parent.is_new
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT bag.id, bag.code, bag.kind, bag.bag_type_id, link.parent_id, link.area_id,
        link.bound_for_id, 'link', 0, 0
    FROM fast_path_links AS link
    JOIN fast_path_codes AS bag ON bag.id = link.bag_id
    WHERE bag.is_new
    UNION ALL
    SELECT bag.id, bag.code, bag.kind, bag.bag_type_id, NULL, request.area_id, NULL, 'register',
        0, 0
    FROM fast_path_requests AS request
    JOIN fast_path_codes AS bag USING (code)
    WHERE request.step = 'register' AND bag.is_new
        AND request.n NOT IN (SELECT n FROM fast_path_needs_rules)
) AS new
JOIN {transitions} ON transition.step = new.step AND transition.kind = new.kind
JOIN bags_bagtype AS bag_type ON bag_type.id = new.bag_type_id
ORDER BY new.kind DESC, new.code
