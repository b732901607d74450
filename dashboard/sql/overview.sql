-- Every number of the dashboard, in one statement and so from one snapshot.
-- Parameters: areas int[] (null: all), today date. Index: scan_tally_has_one_row_a_combination,
-- bag_tally_has_one_row_a_combination, batch_tally_has_one_row_a_combination.
WITH bags AS (
    SELECT kind, area_id, bound_for_id, state, sum(total)::bigint AS total
    FROM (
        SELECT kind, area_id, bound_for_id, state, total FROM dashboard_bagtally
        UNION ALL
        SELECT kind, area_id, bound_for_id, state, total FROM dashboard_bagpending
    ) AS counted
    WHERE %(areas)s::bigint[] IS NULL
        OR area_id = ANY (%(areas)s::bigint[]) OR bound_for_id = ANY (%(areas)s::bigint[])
    GROUP BY 1, 2, 3, 4
),
batches AS (
    SELECT state, held, sum(total)::bigint AS total
    FROM (
        SELECT state, held, total FROM dashboard_batchtally
        UNION ALL
        SELECT state, held, total FROM dashboard_batchpending
    ) AS counted
    GROUP BY 1, 2
),
pending AS (
    SELECT * FROM dashboard_scanpending
    WHERE %(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[])
),
tally AS (
    SELECT * FROM dashboard_scantally
    WHERE (%(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[]))
        AND (
            grain = 'all'
            OR grain = 'day' AND day > %(today)s::date - 30
            OR grain = 'hour' AND day >= %(today)s::date - 1
            OR grain = 'actor' AND day > %(today)s::date - 7
        )
),
days AS (
    SELECT day, area_id, sum(total)::bigint AS total
    FROM (
        SELECT day, area_id, total FROM tally WHERE grain = 'day'
        UNION ALL
        SELECT day, area_id, total FROM pending
    ) AS counted
    GROUP BY 1, 2
),
hours AS (
    SELECT day, hour, sum(total)::bigint AS total
    FROM (
        SELECT day, hour, total FROM tally WHERE grain = 'hour'
        UNION ALL
        SELECT day, hour, total FROM pending
    ) AS counted
    GROUP BY 1, 2
),
actors AS (
    SELECT day, actor_id, sum(total)::bigint AS total
    FROM (
        SELECT day, actor_id, total FROM tally WHERE grain = 'actor'
        UNION ALL
        SELECT day, actor_id, total FROM pending
    ) AS counted
    WHERE day BETWEEN %(today)s::date - 6 AND %(today)s::date
    GROUP BY 1, 2
    HAVING sum(total) > 0
)
SELECT json_build_object(
    'stats', json_build_object(
        'bags', (
            SELECT json_build_object(
                'parent', coalesce(sum(total) FILTER (WHERE kind = 'parent'), 0),
                'child', coalesce(sum(total) FILTER (WHERE kind = 'child'), 0),
                'total', coalesce(sum(total), 0),
                'loose', coalesce(sum(total) FILTER (WHERE kind = 'child' AND state <> 'linked'), 0),
                'incomplete', coalesce(sum(total) FILTER (WHERE kind = 'parent' AND state = 'open'), 0)
            ) FROM bags
        ),
        'scans', json_build_object(
            'total', coalesce((SELECT sum(total) FROM tally WHERE grain = 'all'), 0)
                + coalesce((SELECT sum(total) FROM pending), 0),
            'today', coalesce((SELECT sum(total) FROM days WHERE day = %(today)s::date), 0),
            'week', coalesce(
                (SELECT sum(total) FROM days
                 WHERE day BETWEEN %(today)s::date - 6 AND %(today)s::date), 0),
            'active_users', (SELECT count(DISTINCT actor_id) FROM actors)
        ),
        'batches', (
            SELECT json_build_object(
                'total', coalesce(sum(total), 0),
                'open', coalesce(sum(total) FILTER (WHERE state = 'open'), 0),
                'closed', coalesce(sum(total) FILTER (WHERE state = 'closed'), 0),
                'held', coalesce(sum(total) FILTER (WHERE held), 0)
            ) FROM batches
        )
    ),
    'by_area', (
        SELECT coalesce(json_agg(json_build_object(
            'area', area.code,
            'name', area.name,
            'parents', coalesce(here.parents, 0),
            'children', coalesce(here.children, 0),
            'loose', coalesce(here.loose, 0),
            'incomplete', coalesce(here.incomplete, 0),
            'on_the_way', coalesce(
                (SELECT sum(total) FROM bags WHERE bound_for_id = area.id), 0),
            'scans_today', coalesce(
                (SELECT total FROM days WHERE day = %(today)s::date AND area_id = area.id), 0)
        ) ORDER BY area.code), '[]')
        FROM bags_area AS area
        LEFT JOIN (
            SELECT area_id,
                sum(total) FILTER (WHERE kind = 'parent') AS parents,
                sum(total) FILTER (WHERE kind = 'child') AS children,
                sum(total) FILTER (WHERE kind = 'child' AND state <> 'linked') AS loose,
                sum(total) FILTER (WHERE kind = 'parent' AND state = 'open') AS incomplete
            FROM bags GROUP BY 1
        ) AS here ON here.area_id = area.id
        WHERE %(areas)s::bigint[] IS NULL OR area.id = ANY (%(areas)s::bigint[])
    ),
    'by_day', (
        SELECT json_agg(json_build_object('day', d::date, 'scans', coalesce(
            (SELECT sum(total) FROM days WHERE day = d::date), 0)) ORDER BY d)
        FROM generate_series(%(today)s::date - 29, %(today)s::date, interval '1 day') AS d
    ),
    'by_hour', (
        SELECT json_agg(json_build_object(
            'hour', h,
            'today', coalesce(
                (SELECT total FROM hours WHERE day = %(today)s::date AND hour = h), 0),
            'yesterday', coalesce(
                (SELECT total FROM hours WHERE day = %(today)s::date - 1 AND hour = h), 0)
        ) ORDER BY h)
        FROM generate_series(0, 23) AS h
    ),
    'top_operators', (
        SELECT coalesce(json_agg(json_build_object('username', username, 'scans', total)
            ORDER BY total DESC, username), '[]')
        FROM (
            SELECT person.username, actors.total
            FROM actors JOIN tracetrack_user AS person ON person.id = actors.actor_id
            WHERE actors.day = %(today)s::date AND person.is_active
            ORDER BY actors.total DESC, person.username
            LIMIT 10
        ) AS busiest
    )
)
