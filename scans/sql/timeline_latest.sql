-- Return the ids of the latest scans of a bag, and of scans that put children into it or took them
-- out. Parameters: bag; before, before_id, the position before which they lie; limit.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
SELECT id
FROM (
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE bag_id = %(bag)s AND (scanned_at, id) < (%(before)s, %(before_id)s)
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(limit)s)
    UNION
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE parent_id = %(bag)s AND (scanned_at, id) < (%(before)s, %(before_id)s)
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(limit)s)
    UNION
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE was_parent_id = %(bag)s AND (scanned_at, id) < (%(before)s, %(before_id)s)
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(limit)s)
) AS timeline
ORDER BY scanned_at DESC, id DESC
LIMIT %(limit)s
