-- Return bags as rows of the recall of a batch: its own bags, and other parents that hold some of it.
-- Parameters: bags bigint[], batch.
-- `lots` are the batches mixed in a parent, `hands` all actors who scanned the bag itself, `last_…` the
-- newest scan of the bag itself or of its parent.
-- Index: bag_children, scan_of_bag.
WITH listed AS MATERIALIZED (
    SELECT bag.* FROM bags_bag AS bag WHERE bag.id = ANY (%(bags)s::bigint[])
),
own AS (
    SELECT scan.bag_id, array_agg(DISTINCT actor.username COLLATE "C") AS usernames,
        max(scan.id) AS last
    FROM scans_scan AS scan
    JOIN accounts_user AS actor ON actor.id = scan.actor_id
    WHERE scan.bag_id = ANY (%(bags)s::bigint[])
    GROUP BY scan.bag_id
),
sack AS (
    SELECT scan.bag_id, max(scan.id) AS last
    FROM (SELECT DISTINCT parent_id FROM listed) AS parent
    JOIN scans_scan AS scan ON scan.bag_id = parent.parent_id
    GROUP BY scan.bag_id
),
contents AS (
    SELECT child.parent_id, array_agg(DISTINCT lot.code) AS lots
    FROM listed
    JOIN bags_bag AS child ON child.parent_id = listed.id
    JOIN bags_batch AS lot ON lot.id = child.batch_id
    WHERE listed.kind = 'parent'
    GROUP BY child.parent_id
)
SELECT CASE WHEN bag.batch_id = %(batch)s THEN 'bag' ELSE 'sack' END, bag.id, bag.code, bag.kind,
    batch.code, bag.state, area.code, bound.code, parent.code,
    CASE WHEN bag.kind = 'parent' THEN coalesce(contents.lots, '{}') END, NULL::bigint,
    coalesce(own.usernames, '{}'), last.step, last_area.code, last_actor.username, last.scanned_at
FROM listed AS bag
JOIN bags_area AS area ON area.id = bag.area_id
LEFT JOIN bags_area AS bound ON bound.id = bag.bound_for_id
LEFT JOIN bags_batch AS batch ON batch.id = bag.batch_id
LEFT JOIN bags_bag AS parent ON parent.id = bag.parent_id
LEFT JOIN own ON own.bag_id = bag.id
LEFT JOIN sack ON sack.bag_id = bag.parent_id
LEFT JOIN contents ON contents.parent_id = bag.id
LEFT JOIN scans_scan AS last ON last.id = greatest(own.last, sack.last)
LEFT JOIN bags_area AS last_area ON last_area.id = last.area_id
LEFT JOIN accounts_user AS last_actor ON last_actor.id = last.actor_id
ORDER BY bag.id
