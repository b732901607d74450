-- What is asked of each code, and the bag that has it. `born`: the first row that may make it one.
-- Index: bag_code_is_unique.
INSERT INTO scans_codes
SELECT said.code, first, born, acts, links, others, bag.id IS NULL,
    coalesce(bag.id, nextval(pg_get_serial_sequence('bags_bag', 'id'))),
    coalesce(bag.kind, said.kind), coalesce(bag.bag_type_id, said.bag_type_id), bag.parent_id,
    bag.area_id, bag.bound_for_id, bag.state, bag.capacity, coalesce(bag.child_count, 0),
    coalesce(bag.weight, 0),
    coalesce(bag.batch_id = ANY (ARRAY(SELECT id FROM bags_batch WHERE held)), false)
FROM (
    SELECT code, min(n) AS first,
        min(n) FILTER (WHERE step IN ('link', 'register')) AS born,
        count(*) FILTER (WHERE as_bag AND step <> 'inspect') AS acts,
        count(*) FILTER (WHERE NOT as_bag AND step = 'link') AS links,
        count(*) FILTER (WHERE NOT as_bag AND step <> 'link') AS others,
        max(kind) AS kind, max(bag_type_id) AS bag_type_id
    FROM (
        SELECT n, step, code, true AS as_bag, kind, bag_type_id FROM scans_staged
        UNION ALL
        SELECT n, step, parent_code, false, parent_kind, parent_type_id FROM scans_staged
        WHERE parent_code IS NOT NULL
    ) AS touched
    GROUP BY code
) AS said
-- One look for each code, however many bags there are.
LEFT JOIN LATERAL (SELECT * FROM bags_bag WHERE bags_bag.code = said.code OFFSET 0) AS bag ON true
ORDER BY coalesce(bag.kind, said.kind) DESC, said.code
