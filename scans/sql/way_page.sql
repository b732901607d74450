-- A page of the way of a bag, in the order of scanned_at: its own scans, those of what was put into
-- it or taken out of it, and what moved a parent while it lay there.
-- Parameters: bag; at, until which it was recorded; after, after_id, behind which the page begins;
-- parents, since, until: its stays, as ids of bags and of the scans between which it lay there;
-- most rows.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
SELECT id
FROM (
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE bag_id = %(bag)s AND recorded_at <= %(at)s
        AND (scanned_at, id) > (%(after)s, %(after_id)s)
    ORDER BY scanned_at, id
    LIMIT %(most)s)
    UNION
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE parent_id = %(bag)s AND recorded_at <= %(at)s
        AND (scanned_at, id) > (%(after)s, %(after_id)s)
    ORDER BY scanned_at, id
    LIMIT %(most)s)
    UNION
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE was_parent_id = %(bag)s AND recorded_at <= %(at)s
        AND (scanned_at, id) > (%(after)s, %(after_id)s)
    ORDER BY scanned_at, id
    LIMIT %(most)s)
    UNION
    SELECT moved.id, moved.scanned_at
    FROM (
        -- Each parent once, however often the bag lay in it.
        SELECT parent, range_agg(int8range(since, until, '()')) AS spans
        FROM unnest(%(parents)s::bigint[], %(since)s::bigint[], %(until)s::bigint[])
            AS stay (parent, since, until)
        GROUP BY parent
    ) AS stay
    CROSS JOIN LATERAL (
        SELECT scan.id, scan.scanned_at
        FROM scans_scan AS scan
        LEFT JOIN scans_scan AS undone ON undone.id = scan.undoes_id
        WHERE scan.bag_id = stay.parent AND scan.recorded_at <= %(at)s
            AND (scan.scanned_at, scan.id) > (%(after)s, %(after_id)s)
            AND scan.id <@ stay.spans
            AND coalesce(undone.step, scan.step) IN ('dispatch', 'receive', 'return')
        ORDER BY scan.scanned_at, scan.id
        LIMIT %(most)s
    ) AS moved
) AS way
ORDER BY scanned_at, id
LIMIT %(most)s
