-- Return the ids of scans that moved a parent while a bag was in it, among the latest of each parent.
-- Parameters: parents, since, until, the periods of the bag in parents, as ids of bags and of the
-- scans in and out; after, before, before_id, the bounds of the page; limit per period.
-- Index: scan_of_bag.
SELECT moved.id
FROM unnest(%(parents)s::bigint[], %(since)s::bigint[], %(until)s::bigint[])
    AS period (parent, since, until)
CROSS JOIN LATERAL (
    SELECT scan.id, coalesce(undone.step, scan.step) AS step
    FROM (
        SELECT id, step, undoes_id
        FROM scans_scan
        WHERE bag_id = period.parent AND scanned_at >= %(after)s
            AND (scanned_at, id) < (%(before)s, %(before_id)s)
        ORDER BY scanned_at DESC, id DESC
        LIMIT %(limit)s
    ) AS scan
    LEFT JOIN scans_scan AS undone ON undone.id = scan.undoes_id
    WHERE scan.id > period.since AND scan.id < period.until
) AS moved
WHERE moved.step IN ('dispatch', 'receive', 'return')
