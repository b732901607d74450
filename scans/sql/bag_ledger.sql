-- Return the applied scans that changed a bag or its contents, in the order of recording, each with
-- its undo.
-- Parameters: bag; max_scans, the newest scans that are read for each of the three keys; max_changes,
-- the rows that are returned. They bound the work however long the history is.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent, scan_is_undone_once.
WITH own AS MATERIALIZED (
    (SELECT id, scanned_at
    FROM (
        SELECT id, scanned_at, step, outcome FROM scans_scan
        WHERE bag_id = %(bag)s
        ORDER BY scanned_at DESC, id DESC
        LIMIT %(max_scans)s
    ) AS newest
    WHERE outcome = 'applied' AND step NOT IN ('inspect', 'undo')
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(max_changes)s)
    UNION
    (SELECT id, scanned_at
    FROM (
        SELECT id, scanned_at, step, outcome FROM scans_scan
        WHERE parent_id = %(bag)s
        ORDER BY scanned_at DESC, id DESC
        LIMIT %(max_scans)s
    ) AS newest
    WHERE outcome = 'applied' AND step NOT IN ('inspect', 'undo')
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(max_changes)s)
    UNION
    (SELECT id, scanned_at
    FROM (
        SELECT id, scanned_at, step, outcome FROM scans_scan
        WHERE was_parent_id = %(bag)s
        ORDER BY scanned_at DESC, id DESC
        LIMIT %(max_scans)s
    ) AS newest
    WHERE outcome = 'applied' AND step NOT IN ('inspect', 'undo')
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(max_changes)s)
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(max_changes)s
)
SELECT scan.id, scan.step, scan.scanned_at, scan.recorded_at, scan.actor_id, scan.area_id,
    scan.step, scan.bag_id, scan.parent_id, scan.was_parent_id, scan.area_id, scan.was_area_id,
    undo.id, undo.step, undo.scanned_at, undo.recorded_at, undo.actor_id, undo.area_id
FROM own
JOIN scans_scan AS scan ON scan.id = own.id
-- LIMIT 1 makes this one index look-up per row, however many scans there are.
LEFT JOIN LATERAL (SELECT * FROM scans_scan WHERE undoes_id = scan.id LIMIT 1) AS undo ON true
ORDER BY scan.id
