-- Bag counters that differ from the table: kind, type, area, destination, state, is, should be.
SELECT kind, bag_type_id, area_id, bound_for_id, state,
    sum(is_now)::bigint, sum(should_be)::bigint
FROM (
    SELECT kind, bag_type_id, area_id, bound_for_id, state, total AS is_now, 0 AS should_be
    FROM dashboard_bagtally
    UNION ALL
    SELECT kind, bag_type_id, area_id, bound_for_id, state, total, 0 FROM dashboard_bagpending
    UNION ALL
    SELECT kind, bag_type_id, area_id, bound_for_id, state, 0, count(*)
    FROM bags_bag GROUP BY 1, 2, 3, 4, 5
) AS both_ways
GROUP BY 1, 2, 3, 4, 5
HAVING sum(is_now) <> sum(should_be)
ORDER BY 1, 2, 3, 4, 5
