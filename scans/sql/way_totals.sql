-- Every place and every hand on the way of a bag: how many scans, the first and the last.
-- Parameters: as in way_page.sql, without a page.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
WITH way AS (
    SELECT id, scanned_at, area_id, actor_id
    FROM scans_scan
    WHERE (bag_id = %(bag)s OR parent_id = %(bag)s OR was_parent_id = %(bag)s)
        AND recorded_at <= %(at)s
    UNION
    SELECT moved.id, moved.scanned_at, moved.area_id, moved.actor_id
    FROM unnest(%(parents)s::bigint[], %(since)s::bigint[], %(until)s::bigint[])
        AS stay (parent, since, until)
    CROSS JOIN LATERAL (
        SELECT scan.id, scan.scanned_at, scan.area_id, scan.actor_id
        FROM scans_scan AS scan
        LEFT JOIN scans_scan AS undone ON undone.id = scan.undoes_id
        WHERE scan.bag_id = stay.parent AND scan.recorded_at <= %(at)s
            AND scan.id > stay.since AND scan.id < stay.until
            AND coalesce(undone.step, scan.step) IN ('dispatch', 'receive', 'return')
    ) AS moved
)
SELECT area.code, who.username, count(*), min(scanned_at), max(scanned_at)
FROM way
JOIN bags_area AS area ON area.id = way.area_id
JOIN tracetrack_user AS who ON who.id = way.actor_id
GROUP BY GROUPING SETS ((area.code), (who.username))
ORDER BY min(scanned_at), 1, 2
