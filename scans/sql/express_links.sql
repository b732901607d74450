-- The links of the express lane, with the place that the child takes and what it weighs.
INSERT INTO scans_links
SELECT s.n, bag.id, parent.id, parent.fresh AND parent.born = s.n,
    CASE WHEN bag.fresh THEN bag_type.child_weight ELSE bag.weight END,
    coalesce(parent.area_id, opener.area_id), parent.bound_for_id
FROM scans_staged AS s
JOIN scans_codes AS bag ON bag.code = s.code
JOIN scans_codes AS parent ON parent.code = s.parent_code
JOIN bags_bagtype AS bag_type ON bag_type.id = bag.bag_type_id
JOIN scans_staged AS opener ON opener.n = CASE WHEN parent.fresh THEN parent.born ELSE s.n END
WHERE s.step = 'link' AND s.n NOT IN (SELECT n FROM scans_hard)
