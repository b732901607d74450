-- Every place and every hand on the way of a bag: how many scans, the first and the last.
-- Parameters: as in way_page.sql, without a page; rows, how many of the newest scans by each key, and
-- of each parent, are looked at.
-- Index: scan_of_bag, scan_of_parent, scan_out_of_parent.
WITH way AS (
    (SELECT id, scanned_at, area_id, actor_id
    FROM scans_scan
    WHERE bag_id = %(bag)s AND recorded_at <= %(at)s
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(rows)s)
    UNION
    (SELECT id, scanned_at, area_id, actor_id
    FROM scans_scan
    WHERE parent_id = %(bag)s AND recorded_at <= %(at)s
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(rows)s)
    UNION
    (SELECT id, scanned_at, area_id, actor_id
    FROM scans_scan
    WHERE was_parent_id = %(bag)s AND recorded_at <= %(at)s
    ORDER BY scanned_at DESC, id DESC
    LIMIT %(rows)s)
    UNION
    SELECT moved.id, moved.scanned_at, moved.area_id, moved.actor_id
    FROM (
        -- Each parent once, however often the bag lay in it.
        SELECT parent, range_agg(int8range(since, until, '()')) AS spans
        FROM unnest(%(parents)s::bigint[], %(since)s::bigint[], %(until)s::bigint[])
            AS stay (parent, since, until)
        GROUP BY parent
    ) AS stay
    CROSS JOIN LATERAL (
        SELECT scan.id, scan.scanned_at, scan.area_id, scan.actor_id
        FROM (
            SELECT id, scanned_at, area_id, actor_id, step, undoes_id, recorded_at
            FROM scans_scan
            WHERE bag_id = stay.parent
            ORDER BY scanned_at DESC, id DESC
            LIMIT %(rows)s
        ) AS scan
        LEFT JOIN scans_scan AS undone ON undone.id = scan.undoes_id
        WHERE scan.recorded_at <= %(at)s AND scan.id <@ stay.spans
            AND coalesce(undone.step, scan.step) IN ('dispatch', 'receive', 'return')
    ) AS moved
),
summed AS (
    SELECT area_id, actor_id, count(*) AS scans, min(scanned_at) AS first, max(scanned_at) AS last
    FROM way
    GROUP BY GROUPING SETS ((area_id), (actor_id))
)
SELECT area.code, who.username, scans, first, last
FROM summed
LEFT JOIN bags_area AS area ON area.id = summed.area_id
LEFT JOIN accounts_user AS who ON who.id = summed.actor_id
ORDER BY first, 1, 2
