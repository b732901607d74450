-- The number of scans of a step, in an area or by a user (not both).
-- Parameters: step, area, username (null: any). Index: scan_tally_is_unique.
WITH filter_ids AS (
    SELECT
        (SELECT id FROM bags_area WHERE code = %(area)s::text) AS area_id,
        (SELECT id FROM accounts_user WHERE username = %(username)s::text) AS actor_id
)
SELECT coalesce(sum(total), 0)::bigint
FROM (
    SELECT area_id, actor_id, step, total FROM dashboard_scantally
    WHERE grain = CASE WHEN %(username)s::text IS NULL THEN 'all' ELSE 'actor_step' END
    UNION ALL
    SELECT area_id, actor_id, step, total FROM dashboard_scanpending
) AS counted, filter_ids
WHERE (%(step)s::text IS NULL OR step = %(step)s::text)
    AND (%(area)s::text IS NULL OR counted.area_id = filter_ids.area_id)
    AND (%(username)s::text IS NULL OR counted.actor_id = filter_ids.actor_id)
