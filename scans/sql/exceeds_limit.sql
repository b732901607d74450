-- Return whether a bag has more scans than bag_ledger.sql reads. Parameters: bag, max_scans.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
SELECT greatest(
    (SELECT count(*) FROM (
        SELECT FROM scans_scan WHERE bag_id = %(bag)s LIMIT %(max_scans)s + 1
    ) AS own),
    (SELECT count(*) FROM (
        SELECT FROM scans_scan WHERE parent_id = %(bag)s LIMIT %(max_scans)s + 1
    ) AS into_it),
    (SELECT count(*) FROM (
        SELECT FROM scans_scan WHERE was_parent_id = %(bag)s LIMIT %(max_scans)s + 1
    ) AS out_of_it)
) > %(max_scans)s
