-- Write back bags that were changed in hand.
-- Parameters: arrays of equal length, one element a bag. Index: bags_bag_pkey.
UPDATE bags_bag AS bag
SET state = new.state,
    parent_id = new.parent,
    area_id = new.area,
    bound_for_id = new.bound_for,
    child_count = new.child_count,
    weight = new.weight
FROM unnest(
    %(ids)s::bigint[], %(states)s::text[], %(parents)s::bigint[], %(areas)s::bigint[],
    %(bounds)s::bigint[], %(counts)s::int[], %(weights)s::numeric[]
) AS new (id, state, parent, area, bound_for, child_count, weight)
WHERE bag.id = new.id
