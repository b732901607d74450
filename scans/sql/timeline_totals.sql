-- Return the areas and actors of a bag's timeline with the number of scans, the first and the last.
-- Parameters: as in timeline_page.sql, without the page; max_scans, the newest scans that are read for
-- each key and each parent.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
WITH timeline AS (
    (SELECT id, scanned_at, area_id, actor_id
    FROM scans_scan
    WHERE bag_id = %(bag)s AND recorded_at <= %(at)s
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(max_scans)s)
    UNION
    (SELECT id, scanned_at, area_id, actor_id
    FROM scans_scan
    WHERE parent_id = %(bag)s AND recorded_at <= %(at)s
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(max_scans)s)
    UNION
    (SELECT id, scanned_at, area_id, actor_id
    FROM scans_scan
    WHERE was_parent_id = %(bag)s AND recorded_at <= %(at)s
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(max_scans)s)
    UNION
    SELECT moved.id, moved.scanned_at, moved.area_id, moved.actor_id
    FROM (
        -- One row per parent, however often the bag was in it.
        SELECT parent, range_agg(int8range(since, until, '()')) AS spans
        FROM unnest(%(parents)s::bigint[], %(since)s::bigint[], %(until)s::bigint[])
            AS period (parent, since, until)
        GROUP BY parent
    ) AS period
    CROSS JOIN LATERAL (
        SELECT scan.id, scan.scanned_at, scan.area_id, scan.actor_id
        FROM (
            SELECT id, scanned_at, area_id, actor_id, step, undoes_id, recorded_at
            FROM scans_scan
            WHERE bag_id = period.parent
            ORDER BY scanned_at DESC, id DESC
            LIMIT %(max_scans)s
        ) AS scan
        LEFT JOIN scans_scan AS undone ON undone.id = scan.undoes_id
        WHERE scan.recorded_at <= %(at)s AND scan.id <@ period.spans
            AND coalesce(undone.step, scan.step) IN ('dispatch', 'receive', 'return')
    ) AS moved
),
summed AS (
    SELECT area_id, actor_id, count(*) AS scans, min(scanned_at) AS first, max(scanned_at) AS last
    FROM timeline
    GROUP BY GROUPING SETS ((area_id), (actor_id))
)
SELECT area.code, actor.username, scans, first, last
FROM summed
LEFT JOIN bags_area AS area ON area.id = summed.area_id
LEFT JOIN accounts_user AS actor ON actor.id = summed.actor_id
ORDER BY first, 1, 2
