-- Bring bags into being, in this order; gives their ids.
-- Parameters: arrays of equal length, one element a bag.
INSERT INTO bags_bag (
    code, kind, bag_type_id, batch_id, parent_id, area_id, bound_for_id, state, capacity,
    child_count, weight
)
SELECT code, kind, bag_type, batch, parent, area, bound_for, state, capacity, child_count, weight
FROM unnest(
    %(codes)s::text[], %(kinds)s::text[], %(types)s::bigint[], %(batches)s::bigint[],
    %(parents)s::bigint[], %(areas)s::bigint[], %(bounds)s::bigint[], %(states)s::text[],
    %(capacities)s::int[], %(counts)s::int[], %(weights)s::numeric[]
) WITH ORDINALITY AS new (
    code, kind, bag_type, batch, parent, area, bound_for, state, capacity, child_count, weight, n
)
ORDER BY n
RETURNING id
