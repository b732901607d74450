-- Where the rows of the express lane leave the bags that are known.
-- Index: bag_children.
WITH sacks AS MATERIALIZED (
    SELECT bag.id, s.step, bag.child_count, bag.weight,
        CASE s.step
            WHEN 'complete' THEN 'complete' WHEN 'dispatch' THEN 'dispatched' ELSE 'received'
        END AS state,
        CASE s.step WHEN 'receive' THEN s.area_id ELSE bag.area_id END AS area_id,
        CASE s.step WHEN 'dispatch' THEN s.area_id WHEN 'complete' THEN bag.bound_for_id END
            AS bound_for_id
    FROM scans_staged AS s
    JOIN scans_codes AS bag USING (code)
    WHERE s.step IN ('complete', 'dispatch', 'receive') AND s.n NOT IN (SELECT n FROM scans_hard)
)
INSERT INTO scans_changes
SELECT bag_id AS id, 'linked' AS state, link.parent_id, link.area_id, link.bound_for_id,
    0 AS child_count, link.weight
FROM scans_links AS link
JOIN scans_codes AS bag ON bag.id = link.bag_id
WHERE NOT bag.fresh
UNION ALL
SELECT parent.id,
    CASE WHEN parent.child_count + count(*) = parent.capacity THEN 'complete' ELSE 'open' END,
    NULL, parent.area_id, parent.bound_for_id, parent.child_count + count(*),
    parent.weight + sum(link.weight)
FROM scans_links AS link
JOIN scans_codes AS parent ON parent.id = link.parent_id
WHERE NOT parent.fresh
GROUP BY parent.id, parent.capacity, parent.child_count, parent.weight, parent.area_id,
    parent.bound_for_id
UNION ALL
SELECT id, state, NULL, area_id, bound_for_id, child_count, weight FROM sacks
UNION ALL
SELECT child.id, child.state, child.parent_id, sacks.area_id, sacks.bound_for_id,
    0, child.weight
FROM sacks
CROSS JOIN LATERAL (SELECT * FROM bags_bag WHERE parent_id = sacks.id OFFSET 0) AS child
WHERE sacks.step <> 'complete'
