-- Bring the new bags of the express lane into being, sacks first, as full as they are in the end.
INSERT INTO bags_bag (
    id, code, kind, bag_type_id, parent_id, area_id, bound_for_id, state, capacity, child_count,
    weight
)
SELECT new.id, new.code, new.kind, new.bag_type_id, new.parent_id, new.area_id, new.bound_for_id,
    CASE
        WHEN new.kind = 'child' THEN CASE WHEN new.parent_id IS NULL THEN 'loose' ELSE 'linked' END
        WHEN new.links = bag_type.capacity THEN 'complete'
        ELSE 'open'
    END,
    CASE WHEN new.kind = 'parent' THEN bag_type.capacity END, new.links,
    CASE WHEN new.kind = 'parent' THEN new.inside ELSE bag_type.child_weight END
FROM (
    SELECT parent.id, parent.code, parent.kind, parent.bag_type_id, NULL::bigint AS parent_id,
        min(link.area_id) AS area_id, NULL::bigint AS bound_for_id, count(*) AS links,
        sum(link.weight) AS inside
    FROM scans_links AS link
    JOIN scans_codes AS parent ON parent.id = link.parent_id
    WHERE parent.fresh
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT bag.id, bag.code, bag.kind, bag.bag_type_id, link.parent_id, link.area_id,
        link.bound_for_id, 0, 0
    FROM scans_links AS link
    JOIN scans_codes AS bag ON bag.id = link.bag_id
    WHERE bag.fresh
    UNION ALL
    SELECT bag.id, bag.code, bag.kind, bag.bag_type_id, NULL, s.area_id, NULL, 0, 0
    FROM scans_staged AS s
    JOIN scans_codes AS bag USING (code)
    WHERE s.step = 'register' AND bag.fresh AND s.n NOT IN (SELECT n FROM scans_hard)
) AS new
JOIN bags_bagtype AS bag_type ON bag_type.id = new.bag_type_id
ORDER BY new.kind DESC, new.code
