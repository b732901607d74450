-- Bag counters that differ from a recount: kind, type, area, destination, state, value, recount.
SELECT kind, bag_type_id, area_id, bound_for_id, state,
    sum(value)::bigint, sum(recount)::bigint
FROM (
    SELECT kind, bag_type_id, area_id, bound_for_id, state, total AS value, 0 AS recount
    FROM dashboard_bagtally
    UNION ALL
    SELECT kind, bag_type_id, area_id, bound_for_id, state, total, 0 FROM dashboard_bagpending
    UNION ALL
    SELECT kind, bag_type_id, area_id, bound_for_id, state, 0, count(*)
    FROM bags_bag GROUP BY 1, 2, 3, 4, 5
) AS compared
GROUP BY 1, 2, 3, 4, 5
HAVING sum(value) <> sum(recount)
ORDER BY 1, 2, 3, 4, 5
