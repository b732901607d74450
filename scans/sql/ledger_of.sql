-- What changed a bag or what lay in it, in the order in which it was accepted, and what undid it.
-- Parameter: bag.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent, scan_is_undone_once.
WITH own AS MATERIALIZED (
    SELECT * FROM scans_scan WHERE bag_id = %(bag)s
    UNION
    SELECT * FROM scans_scan WHERE parent_id = %(bag)s
    UNION
    SELECT * FROM scans_scan WHERE was_parent_id = %(bag)s
)
SELECT scan.id, scan.step, scan.scanned_at, scan.recorded_at, who.username, area.code,
    scan.step, scan.bag_id, scan.parent_id, scan.was_parent_id, scan.area_id, scan.was_area_id,
    undo.id, undo.step, undo.scanned_at, undo.recorded_at, undoer.username, place.code
FROM own AS scan
JOIN tracetrack_user AS who ON who.id = scan.actor_id
JOIN bags_area AS area ON area.id = scan.area_id
-- One look for each row, however many scans there are.
LEFT JOIN LATERAL (SELECT * FROM scans_scan WHERE undoes_id = scan.id LIMIT 1) AS undo ON true
LEFT JOIN tracetrack_user AS undoer ON undoer.id = undo.actor_id
LEFT JOIN bags_area AS place ON place.id = undo.area_id
WHERE scan.outcome = 'applied' AND scan.step NOT IN ('inspect', 'undo')
ORDER BY scan.id
