-- Bags as a recall of a batch lists them: its own, and sacks that hold some of it.
-- Parameters: bags bigint[], batch.
-- `lots` is what is mixed in a parent; `hands` everybody who scanned the bag itself; `last_…` the
-- newest of its own scans and of those of the parent in which it lies.
-- Index: bag_children, scan_of_bag.
WITH wanted AS MATERIALIZED (
    SELECT bag.* FROM bags_bag AS bag WHERE bag.id = ANY (%(bags)s::bigint[])
),
own AS (
    SELECT scan.bag_id, array_agg(DISTINCT hand.username COLLATE "C") AS hands,
        max(scan.id) AS last
    FROM scans_scan AS scan
    JOIN accounts_user AS hand ON hand.id = scan.actor_id
    WHERE scan.bag_id = ANY (%(bags)s::bigint[])
    GROUP BY scan.bag_id
),
sack AS (
    SELECT scan.bag_id, max(scan.id) AS last
    FROM (SELECT DISTINCT parent_id FROM wanted) AS around
    JOIN scans_scan AS scan ON scan.bag_id = around.parent_id
    GROUP BY scan.bag_id
),
inside AS (
    SELECT child.parent_id, array_agg(DISTINCT lot.code) AS lots
    FROM wanted
    JOIN bags_bag AS child ON child.parent_id = wanted.id
    JOIN bags_batch AS lot ON lot.id = child.batch_id
    WHERE wanted.kind = 'parent'
    GROUP BY child.parent_id
)
SELECT CASE WHEN bag.batch_id = %(batch)s THEN 'bag' ELSE 'sack' END, bag.id, bag.code, bag.kind, batch.code, bag.state, area.code,
    bound.code, parent.code, CASE WHEN bag.kind = 'parent' THEN coalesce(inside.lots, '{}') END,
    NULL::bigint, coalesce(own.hands, '{}'), last.step, place.code, who.username, last.scanned_at
FROM wanted AS bag
JOIN bags_area AS area ON area.id = bag.area_id
LEFT JOIN bags_area AS bound ON bound.id = bag.bound_for_id
LEFT JOIN bags_batch AS batch ON batch.id = bag.batch_id
LEFT JOIN bags_bag AS parent ON parent.id = bag.parent_id
LEFT JOIN own ON own.bag_id = bag.id
LEFT JOIN sack ON sack.bag_id = bag.parent_id
LEFT JOIN inside ON inside.parent_id = bag.id
LEFT JOIN scans_scan AS last ON last.id = greatest(own.last, sack.last)
LEFT JOIN bags_area AS place ON place.id = last.area_id
LEFT JOIN accounts_user AS who ON who.id = last.actor_id
ORDER BY bag.id
