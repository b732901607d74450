-- For each code, count the rows that name it and read its bag. A code without a bag gets an id for
-- the bag that it may become; `created_by_row` is the first row that may create it.
-- Index: bag_code_is_unique.
INSERT INTO fast_path_codes
SELECT named.code, first_row, created_by_row, change_rows, link_rows, other_parent_rows,
    bag.id IS NULL, coalesce(bag.id, nextval(pg_get_serial_sequence('bags_bag', 'id'))),
    coalesce(bag.kind, named.kind), coalesce(bag.bag_type_id, named.bag_type_id), bag.parent_id,
    bag.area_id, bag.bound_for_id, bag.state, bag.capacity, coalesce(bag.child_count, 0),
    coalesce(bag.weight, 0),
    coalesce(bag.batch_id = ANY (ARRAY(SELECT id FROM bags_batch WHERE held)), false)
FROM (
    SELECT code, min(n) AS first_row,
        min(n) FILTER (WHERE step IN ('link', 'register')) AS created_by_row,
        count(*) FILTER (WHERE is_scanned AND step <> 'inspect') AS change_rows,
        count(*) FILTER (WHERE NOT is_scanned AND step = 'link') AS link_rows,
        count(*) FILTER (WHERE NOT is_scanned AND step <> 'link') AS other_parent_rows,
        max(kind) AS kind, max(bag_type_id) AS bag_type_id
    FROM (
        SELECT n, step, code, true AS is_scanned, kind, bag_type_id FROM fast_path_requests
        UNION ALL
        SELECT n, step, parent_code, false, parent_kind, parent_type_id FROM fast_path_requests
        WHERE parent_code IS NOT NULL
    ) AS mention
    GROUP BY code
) AS named
-- OFFSET 0 makes this one index look-up per code, however many bags there are.
LEFT JOIN LATERAL (SELECT * FROM bags_bag WHERE bags_bag.code = named.code OFFSET 0) AS bag ON true
ORDER BY coalesce(bag.kind, named.kind) DESC, named.code
