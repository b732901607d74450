-- Whether a bag has more scans than are looked at. Parameters: bag, rows.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
SELECT greatest(
    (SELECT count(*) FROM (
        SELECT FROM scans_scan WHERE bag_id = %(bag)s LIMIT %(rows)s + 1
    ) AS own),
    (SELECT count(*) FROM (
        SELECT FROM scans_scan WHERE parent_id = %(bag)s LIMIT %(rows)s + 1
    ) AS into_it),
    (SELECT count(*) FROM (
        SELECT FROM scans_scan WHERE was_parent_id = %(bag)s LIMIT %(rows)s + 1
    ) AS out_of_it)
) > %(rows)s
