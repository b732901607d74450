-- All statistics of the dashboard in one statement, so that they come from one snapshot.
-- Parameters: areas bigint[] (null: all), today date, hour int (the current hour), first and last
-- date (the period, within the last 30 days).
-- Bags and their changes are limited by the rule of bags.querysets.in_areas_q(), repeated here for
-- the columns of the counters; tests/dashboard/stats/test_overview.py compares both.
-- Index: scan_tally_is_unique, bag_tally_is_unique,
-- batch_tally_is_unique, bag_day_is_unique,
-- batch_day_is_unique.
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
-- The bags at the end of yesterday: those now minus the changes of today.
bags_before AS (
    SELECT kind, state, total FROM bags
    UNION ALL
    SELECT kind, state, -total
    FROM (
        SELECT day, kind, area_id, bound_for_id, state, total FROM dashboard_bagday
        WHERE day >= %(today)s::date
        UNION ALL
        SELECT day, kind, area_id, bound_for_id, state, total FROM dashboard_bagpending
        WHERE day >= %(today)s::date
    ) AS changed
    WHERE %(areas)s::bigint[] IS NULL
        OR area_id = ANY (%(areas)s::bigint[]) OR bound_for_id = ANY (%(areas)s::bigint[])
),
batches_before AS (
    SELECT state, held, total FROM batches
    UNION ALL
    SELECT state, held, -total FROM dashboard_batchday WHERE day >= %(today)s::date
    UNION ALL
    SELECT state, held, -total FROM dashboard_batchpending WHERE day >= %(today)s::date
),
bag_totals AS (
    SELECT moment, json_build_object(
        'parent', coalesce(sum(total) FILTER (WHERE kind = 'parent'), 0),
        'child', coalesce(sum(total) FILTER (WHERE kind = 'child'), 0),
        'total', coalesce(sum(total), 0),
        'loose', coalesce(sum(total) FILTER (WHERE kind = 'child' AND state <> 'linked'), 0),
        'incomplete', coalesce(sum(total) FILTER (WHERE kind = 'parent' AND state = 'open'), 0)
    ) AS totals
    FROM (VALUES ('now'), ('yesterday')) AS moments (moment)
    LEFT JOIN (
        SELECT 'now' AS moment, kind, state, total FROM bags
        UNION ALL
        SELECT 'yesterday', kind, state, total FROM bags_before
    ) AS counted USING (moment)
    GROUP BY moment
),
batch_totals AS (
    SELECT moment, json_build_object(
        'total', coalesce(sum(total), 0),
        'open', coalesce(sum(total) FILTER (WHERE state = 'open'), 0),
        'closed', coalesce(sum(total) FILTER (WHERE state = 'closed'), 0),
        'held', coalesce(sum(total) FILTER (WHERE held), 0)
    ) AS totals
    FROM (VALUES ('now'), ('yesterday')) AS moments (moment)
    LEFT JOIN (
        SELECT 'now' AS moment, state, held, total FROM batches
        UNION ALL
        SELECT 'yesterday', state, held, total FROM batches_before
    ) AS counted USING (moment)
    GROUP BY moment
),
pending AS (
    SELECT * FROM dashboard_scanpending
    WHERE %(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[])
),
days AS (
    SELECT day, area_id, sum(total)::bigint AS total
    FROM (
        SELECT day, area_id, total FROM dashboard_scantally
        WHERE grain = 'day' AND day BETWEEN %(today)s::date - 29 AND %(today)s::date
            AND (%(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[]))
        UNION ALL
        SELECT day, area_id, total FROM pending
    ) AS counted
    GROUP BY 1, 2
),
hours AS (
    SELECT hour,
        sum(total) FILTER (WHERE day = %(today)s::date) AS today,
        sum(total) FILTER (WHERE day = %(today)s::date - 1) AS yesterday
    FROM (
        SELECT day, hour, total FROM dashboard_scantally
        WHERE grain = 'hour' AND day BETWEEN %(today)s::date - 1 AND %(today)s::date
            AND (%(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[]))
        UNION ALL
        SELECT day, hour, total FROM pending
    ) AS counted
    GROUP BY 1
),
-- Counts are never negative, so a positive sum means that the actor scanned in that time.
actors AS (
    SELECT actor_id,
        sum(total) FILTER (WHERE day > %(today)s::date - 7) AS week,
        sum(total) FILTER (WHERE day BETWEEN %(today)s::date - 7 AND %(today)s::date - 1) AS week_before,
        coalesce(sum(total) FILTER (
            WHERE day BETWEEN %(first)s::date AND %(last)s::date), 0)::bigint AS period
    FROM (
        SELECT day, actor_id, total FROM dashboard_scantally
        WHERE grain = 'actor_day'
            AND day BETWEEN least(%(first)s::date, %(today)s::date - 7) AND %(today)s::date
            AND (%(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[]))
        UNION ALL
        SELECT day, actor_id, total FROM pending WHERE day <= %(today)s::date
    ) AS counted
    GROUP BY 1
),
steps AS (
    SELECT step, sum(total)::bigint AS total
    FROM (
        SELECT step, total FROM dashboard_scantally
        WHERE grain = 'step' AND day BETWEEN %(first)s::date AND %(last)s::date
            AND (%(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[]))
        UNION ALL
        SELECT step, total FROM pending WHERE day BETWEEN %(first)s::date AND %(last)s::date
    ) AS counted
    GROUP BY 1
),
scans AS (
    SELECT coalesce(
            (SELECT sum(total) FROM dashboard_scantally
             WHERE grain = 'all'
                AND (%(areas)s::bigint[] IS NULL OR area_id = ANY (%(areas)s::bigint[]))), 0)
            + coalesce((SELECT sum(total) FROM pending), 0) AS total,
        coalesce(sum(total) FILTER (WHERE day = %(today)s::date), 0) AS today,
        coalesce(sum(total) FILTER (WHERE day = %(today)s::date - 1), 0) AS yesterday,
        coalesce(sum(total) FILTER (
            WHERE day BETWEEN %(today)s::date - 6 AND %(today)s::date), 0) AS week,
        coalesce(sum(total) FILTER (
            WHERE day BETWEEN %(today)s::date - 7 AND %(today)s::date - 1), 0) AS week_before,
        coalesce(sum(total) FILTER (
            WHERE day BETWEEN %(first)s::date AND %(last)s::date), 0) AS period
    FROM days
)
SELECT json_build_object(
    'stats', json_build_object(
        'bags', (SELECT totals FROM bag_totals WHERE moment = 'now'),
        'scans', (
            SELECT json_build_object(
                'total', total,
                'today', today,
                'week', week,
                'active_users', (SELECT count(*) FROM actors WHERE week > 0)
            ) FROM scans
        ),
        'batches', (SELECT totals FROM batch_totals WHERE moment = 'now')
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
                (SELECT total FROM days WHERE day = %(today)s::date AND area_id = area.id), 0),
            'scans', coalesce(
                (SELECT sum(total) FROM days
                 WHERE day BETWEEN %(first)s::date AND %(last)s::date AND area_id = area.id), 0)
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
        SELECT json_agg(json_build_object('day', d::date, 'scans', coalesce(total, 0)) ORDER BY d)
        FROM generate_series(%(today)s::date - 29, %(today)s::date, interval '1 day') AS d
        LEFT JOIN (SELECT day, sum(total) AS total FROM days GROUP BY 1) AS counted
            ON counted.day = d::date
    ),
    'by_hour', (
        SELECT json_agg(json_build_object(
            'hour', h, 'today', coalesce(today, 0), 'yesterday', coalesce(yesterday, 0)
        ) ORDER BY h)
        FROM generate_series(0, 23) AS h LEFT JOIN hours ON hours.hour = h
    ),
    'top_operators', (
        SELECT coalesce(json_agg(json_build_object('username', username, 'scans', total)
            ORDER BY total DESC, username), '[]')
        FROM (
            SELECT actor.username, actors.period AS total
            FROM actors JOIN accounts_user AS actor ON actor.id = actors.actor_id
            WHERE actors.period > 0 AND actor.is_active
            ORDER BY actors.period DESC, actor.username
            LIMIT 10
        ) AS busiest
    ),
    'funnel', (
        SELECT json_agg(json_build_object('step', name, 'scans', coalesce(total, 0)) ORDER BY nth)
        FROM unnest(ARRAY['register', 'link', 'complete', 'dispatch', 'receive'])
            WITH ORDINALITY AS funnel (name, nth)
        LEFT JOIN steps ON steps.step = funnel.name
    ),
    'yesterday', json_build_object(
        'bags', (SELECT totals FROM bag_totals WHERE moment = 'yesterday'),
        'scans', (
            SELECT json_build_object(
                'total', total - today,
                'today', yesterday,
                'week', week_before,
                'active_users', (SELECT count(*) FROM actors WHERE week_before > 0)
            ) FROM scans
        ),
        'batches', (SELECT totals FROM batch_totals WHERE moment = 'yesterday')
    ),
    'pace', (
        SELECT json_build_object(
            'until_hour', %(hour)s::int,
            'today', coalesce(sum(today), 0),
            'yesterday', coalesce(sum(yesterday), 0)
        ) FROM hours WHERE hour < %(hour)s::int
    ),
    'period', (
        SELECT json_build_object(
            'first', %(first)s::date,
            'last', %(last)s::date,
            'scans', period,
            'active_users', (SELECT count(*) FROM actors WHERE actors.period > 0)
        ) FROM scans
    )
)
