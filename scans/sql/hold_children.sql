-- Lock what lies in these parents, except what is in hand already.
-- Parameters: parents, loaded_ids bigint[]. Index: bag_children.
SELECT id, code, kind, bag_type_id, batch_id, parent_id, area_id, bound_for_id, state,
    capacity, child_count, weight
FROM bags_bag
WHERE parent_id = ANY (%(parents)s::bigint[]) AND id <> ALL (%(loaded_ids)s::bigint[])
ORDER BY code
FOR NO KEY UPDATE
