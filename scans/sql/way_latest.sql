-- The latest scans of a bag, of what was put into it and of what was taken out of it.
-- Parameters: bag; before, before_id: the place behind which they lie; most rows.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
SELECT id
FROM (
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE bag_id = %(bag)s AND (scanned_at, id) < (%(before)s, %(before_id)s)
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(most)s)
    UNION
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE parent_id = %(bag)s AND (scanned_at, id) < (%(before)s, %(before_id)s)
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(most)s)
    UNION
    (SELECT id, scanned_at
    FROM scans_scan
    WHERE was_parent_id = %(bag)s AND (scanned_at, id) < (%(before)s, %(before_id)s)
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(most)s)
) AS way
ORDER BY scanned_at DESC, id DESC
LIMIT %(most)s
