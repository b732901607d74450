-- The number of bags of a kind, state, area or type; loose: children without a parent.
-- The condition on areas repeats the rule of bags.querysets.in_areas_q() for the columns of the
-- counters; tests/dashboard/stats/test_list_counts.py compares both.
-- Parameters: areas bigint[] (null: all), kind, state, area, bag_type (null: any), loose boolean.
SELECT coalesce(sum(total), 0)::bigint
FROM (
    SELECT kind, bag_type_id, area_id, bound_for_id, state, total FROM dashboard_bagtally
    UNION ALL
    SELECT kind, bag_type_id, area_id, bound_for_id, state, total FROM dashboard_bagpending
) AS counted
WHERE (%(areas)s::bigint[] IS NULL
        OR area_id = ANY (%(areas)s::bigint[]) OR bound_for_id = ANY (%(areas)s::bigint[]))
    AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
    AND (%(state)s::text IS NULL OR state = %(state)s::text)
    AND (%(area)s::text IS NULL
        OR area_id = (SELECT id FROM bags_area WHERE code = %(area)s::text))
    AND (%(bag_type)s::text IS NULL
        OR bag_type_id = (SELECT id FROM bags_bagtype WHERE name = %(bag_type)s::text))
    AND (NOT %(loose)s::boolean OR kind = 'child' AND state <> 'linked')
