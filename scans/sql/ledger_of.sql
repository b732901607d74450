-- What changed a bag or what lay in it, in the order in which it was accepted, and what undid it.
-- Parameters: bag; rows, how many of the newest scans are looked at by each of the three keys; acts,
-- how many of all those are given. So no bag takes longer than that, however long its past.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent, scan_is_undone_once.
WITH own AS MATERIALIZED (
    (SELECT id, scanned_at
    FROM (
        SELECT id, scanned_at, step, outcome FROM scans_scan
        WHERE bag_id = %(bag)s
        ORDER BY scanned_at DESC, id DESC
        LIMIT %(rows)s
    ) AS newest
    WHERE outcome = 'applied' AND step NOT IN ('inspect', 'undo')
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(acts)s)
    UNION
    (SELECT id, scanned_at
    FROM (
        SELECT id, scanned_at, step, outcome FROM scans_scan
        WHERE parent_id = %(bag)s
        ORDER BY scanned_at DESC, id DESC
        LIMIT %(rows)s
    ) AS newest
    WHERE outcome = 'applied' AND step NOT IN ('inspect', 'undo')
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(acts)s)
    UNION
    (SELECT id, scanned_at
    FROM (
        SELECT id, scanned_at, step, outcome FROM scans_scan
        WHERE was_parent_id = %(bag)s
        ORDER BY scanned_at DESC, id DESC
        LIMIT %(rows)s
    ) AS newest
    WHERE outcome = 'applied' AND step NOT IN ('inspect', 'undo')
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(acts)s)
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(acts)s
)
SELECT scan.id, scan.step, scan.scanned_at, scan.recorded_at, scan.actor_id, scan.area_id,
    scan.step, scan.bag_id, scan.parent_id, scan.was_parent_id, scan.area_id, scan.was_area_id,
    undo.id, undo.step, undo.scanned_at, undo.recorded_at, undo.actor_id, undo.area_id
FROM own
JOIN scans_scan AS scan ON scan.id = own.id
-- One look for each row, however many scans there are.
LEFT JOIN LATERAL (SELECT * FROM scans_scan WHERE undoes_id = scan.id LIMIT 1) AS undo ON true
ORDER BY scan.id
