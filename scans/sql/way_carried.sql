-- What moved the parents of a bag while it lay in them: of the latest scans of each.
-- Parameters: parents, since, until: its stays, as ids of bags and of the scans between which it lay
-- there; after, before, before_id: the part of its way that is asked for; most rows for each stay.
-- Index: scan_of_bag.
SELECT moved.id
FROM unnest(%(parents)s::bigint[], %(since)s::bigint[], %(until)s::bigint[])
    AS stay (parent, since, until)
CROSS JOIN LATERAL (
    SELECT scan.id, coalesce(undone.step, scan.step) AS step
    FROM (
        SELECT id, step, undoes_id
        FROM scans_scan
        WHERE bag_id = stay.parent AND scanned_at >= %(after)s
            AND (scanned_at, id) < (%(before)s, %(before_id)s)
        ORDER BY scanned_at DESC, id DESC
        LIMIT %(most)s
    ) AS scan
    LEFT JOIN scans_scan AS undone ON undone.id = scan.undoes_id
    WHERE scan.id > stay.since AND scan.id < stay.until
) AS moved
WHERE moved.step IN ('dispatch', 'receive', 'return')
