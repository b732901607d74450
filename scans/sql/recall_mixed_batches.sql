-- Return the batches in these parents: how many of the parents hold each, and how many children.
-- Parameter: parents bigint[]. Index: bag_children.
SELECT lot.code, count(DISTINCT child.parent_id), count(*)
FROM unnest(%(parents)s::bigint[]) AS parent (id)
JOIN bags_bag AS child ON child.parent_id = parent.id
LEFT JOIN bags_batch AS lot ON lot.id = child.batch_id
GROUP BY lot.code
ORDER BY lot.code NULLS FIRST
