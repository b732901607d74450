-- List the links of the fast path with the weight of each child and the place that it takes: that
-- of its parent, which for a new parent is the area of the row that creates it.
INSERT INTO fast_path_links
SELECT request.n, bag.id, parent.id, parent.is_new AND parent.created_by_row = request.n,
    CASE WHEN bag.is_new THEN bag_type.child_weight ELSE bag.weight END,
    coalesce(parent.area_id, creator.area_id), parent.bound_for_id
FROM fast_path_requests AS request
JOIN fast_path_codes AS bag ON bag.code = request.code
JOIN fast_path_codes AS parent ON parent.code = request.parent_code
JOIN bags_bagtype AS bag_type ON bag_type.id = bag.bag_type_id
JOIN fast_path_requests AS creator
    ON creator.n = CASE WHEN parent.is_new THEN parent.created_by_row ELSE request.n END
WHERE request.step = 'link' AND request.n NOT IN (SELECT n FROM fast_path_needs_rules)
