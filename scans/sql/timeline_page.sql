-- Return the ids of a page of a bag's timeline, in the order of scanned_at: its own scans, scans that
-- put children into it or took them out, and moves of a parent while the bag was in it.
-- Parameters: bag; at, the time until which scans were recorded; after, after_id, the position after
-- which the page begins; parents, since, until, the periods of the bag in parents, as ids of bags and
-- of the scans in and out; limit.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
SELECT id
FROM (
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE bag_id = %(bag)s AND recorded_at <= %(at)s
        AND (scanned_at, id) > (%(after)s, %(after_id)s)
    ORDER BY scanned_at, id
    LIMIT %(limit)s)
    UNION
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE parent_id = %(bag)s AND recorded_at <= %(at)s
        AND (scanned_at, id) > (%(after)s, %(after_id)s)
    ORDER BY scanned_at, id
    LIMIT %(limit)s)
    UNION
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE was_parent_id = %(bag)s AND recorded_at <= %(at)s
        AND (scanned_at, id) > (%(after)s, %(after_id)s)
    ORDER BY scanned_at, id
    LIMIT %(limit)s)
    UNION
    SELECT moved.id, moved.scanned_at
    FROM (
        -- One row per parent, however often the bag was in it.
        SELECT parent, range_agg(int8range(since, until, '()')) AS spans
        FROM unnest(%(parents)s::bigint[], %(since)s::bigint[], %(until)s::bigint[])
            AS period (parent, since, until)
        GROUP BY parent
    ) AS period
    CROSS JOIN LATERAL (
        SELECT scan.id, scan.scanned_at
        FROM scans_scan AS scan
        LEFT JOIN scans_scan AS undone ON undone.id = scan.undoes_id
        WHERE scan.bag_id = period.parent AND scan.recorded_at <= %(at)s
            AND (scan.scanned_at, scan.id) > (%(after)s, %(after_id)s)
            AND scan.id <@ period.spans
            AND coalesce(undone.step, scan.step) IN ('dispatch', 'receive', 'return')
        ORDER BY scan.scanned_at, scan.id
        LIMIT %(limit)s
    ) AS moved
) AS timeline
ORDER BY scanned_at, id
LIMIT %(limit)s
