-- Compute the new state and place of the existing bags that the fast path changes: linked children,
-- their parents, parents of a step on parents, and the children that move with them.
-- Index: bag_children.
WITH moved AS MATERIALIZED (
    SELECT bag.id, bag.child_count, bag.weight, transition.to_state AS state,
        transition.moves_children,
        CASE transition.area WHEN 'scan' THEN request.area_id ELSE bag.area_id END AS area_id,
        CASE transition.bound_for
            WHEN 'scan' THEN request.area_id
            WHEN 'keep' THEN bag.bound_for_id
        END AS bound_for_id
    FROM fast_path_requests AS request
    JOIN fast_path_codes AS bag USING (code)
    JOIN {transitions} ON transition.step = request.step AND transition.kind = bag.kind
    WHERE bag.kind = 'parent' AND transition.stores_before
        AND request.n NOT IN (SELECT n FROM fast_path_needs_rules)
)
INSERT INTO fast_path_changes
SELECT link.bag_id, transition.to_state, link.parent_id, link.area_id, link.bound_for_id, 0,
    link.weight
FROM fast_path_links AS link
JOIN fast_path_codes AS bag ON bag.id = link.bag_id
JOIN {transitions} ON transition.step = 'link' AND transition.kind = bag.kind
WHERE NOT bag.is_new
UNION ALL
SELECT parent.id,
    CASE WHEN parent.child_count + count(*) = parent.capacity THEN {state_when_filled}
        ELSE parent.state
    END,
    NULL, parent.area_id, parent.bound_for_id, parent.child_count + count(*),
    parent.weight + sum(link.weight)
FROM fast_path_links AS link
JOIN fast_path_codes AS parent ON parent.id = link.parent_id
WHERE NOT parent.is_new
GROUP BY parent.id, parent.state, parent.capacity, parent.child_count, parent.weight,
    parent.area_id, parent.bound_for_id
UNION ALL
SELECT id, state, NULL, area_id, bound_for_id, child_count, weight FROM moved
UNION ALL
SELECT child.id, child.state, child.parent_id, moved.area_id, moved.bound_for_id, 0, child.weight
FROM moved
CROSS JOIN LATERAL (SELECT * FROM bags_bag WHERE parent_id = moved.id OFFSET 0) AS child
WHERE moved.moves_children
