-- Insert the scans between two shares of all work in the order of time: those that lead to the
-- states of the bags, and additional inspections and repeated registrations.
-- Parameters: from_share, to_share float8 (half-open), loads bigint, extra bigint (the number of
-- additional scans of the whole period), first_scan bigint, seed bigint.
INSERT INTO scans_scan (id, ref, bag_id, parent_id, step, outcome, unexpected, forced, actor_id,
    area_id, station, scanned_at, recorded_at, note, was_state, was_area_id, was_bound_for_id,
    was_parent_state)
WITH done AS (
    SELECT starts_at AS at, load, 0 AS position, first_bag AS bag, NULL::bigint AS parent,
        'register' AS step, 'applied' AS outcome, area_id, NULL::text AS was_state,
        NULL::bigint AS was_area, NULL::bigint AS was_bound_for, NULL::text AS was_parent_state
    FROM seed_load
    WHERE packed >= %(from_share)s AND packed < %(to_share)s AND NOT is_loose
    UNION ALL
    SELECT starts_at + pace * (bag - first_bag), load, 2 * (bag - first_bag)::int + 1, bag, NULL,
        'register', 'applied', area_id, NULL, NULL, NULL, NULL
    FROM seed_load
    CROSS JOIN LATERAL generate_series(
        first_bag + (NOT is_loose)::int, first_bag + filled - is_loose::int) AS bag
    WHERE packed >= %(from_share)s AND packed < %(to_share)s
    UNION ALL
    SELECT starts_at + pace * (bag - first_bag), load, 2 * (bag - first_bag)::int + 2, bag,
        first_bag, 'link', 'applied', area_id, 'loose', area_id, NULL, 'open'
    FROM seed_load
    CROSS JOIN LATERAL generate_series(first_bag + 1, first_bag + filled) AS bag
    WHERE packed >= %(from_share)s AND packed < %(to_share)s AND NOT is_loose
    UNION ALL
    SELECT starts_at + pace * (filled + 1), load, 0, first_bag, NULL,
        'complete', 'applied', area_id, 'open', area_id, NULL, NULL
    FROM seed_load
    WHERE packed >= %(from_share)s AND packed < %(to_share)s AND closed_early
    UNION ALL
    SELECT pg_temp.time_of_share(dispatched), load, 0, first_bag, NULL,
        'dispatch', 'applied', dest_id, 'complete', area_id, NULL, NULL
    FROM seed_load
    WHERE dispatched >= %(from_share)s AND dispatched < %(to_share)s
    UNION ALL
    SELECT pg_temp.time_of_share(received), load, 0, first_bag, NULL,
        'receive', 'applied', dest_id, 'dispatched', area_id, dest_id, NULL
    FROM seed_load
    WHERE received >= %(from_share)s AND received < %(to_share)s
    UNION ALL
    SELECT pg_temp.time_of_share(returned), load, 0, first_bag, NULL,
        'return', 'applied', area_id, 'received', dest_id, NULL, NULL
    FROM seed_load
    WHERE returned >= %(from_share)s AND returned < %(to_share)s
    UNION ALL
    SELECT greatest(
            hour.starts_at + make_interval(secs =>
                hour.seconds * (share - hour.share_from) / (hour.share_to - hour.share_from)),
            load.starts_at + load.pace * (load.filled + 1)),
        load.load, 1000000 + number::int,
        load.first_bag + floor(
            pg_temp.random_fraction(number, 'which bag') * (load.filled + (NOT load.is_loose)::int))::bigint,
        NULL,
        CASE WHEN pg_temp.random_fraction(number, 'how') < 0.9 THEN 'inspect' ELSE 'register' END,
        CASE WHEN pg_temp.random_fraction(number, 'how') < 0.9 THEN 'applied' ELSE 'already' END,
        CASE WHEN load.received < share AND load.returned IS NULL
            THEN load.dest_id ELSE load.area_id END,
        NULL, NULL, NULL, NULL
    FROM (
        SELECT number, (number - 0.5)::float8 / greatest(%(extra)s, 1) AS share
        FROM generate_series(
            ceil(%(from_share)s * %(extra)s + 0.5)::bigint,
            ceil(%(to_share)s * %(extra)s + 0.5)::bigint - 1) AS number
    ) AS extra_scan
    -- Only bags that were packed before.
    JOIN seed_load AS load
        ON load.load = floor(pg_temp.random_fraction(number, 'which load') * share * %(loads)s)::bigint
    JOIN seed_hour AS hour ON hour.hour = width_bucket(
        share, (SELECT array_agg(share_from ORDER BY hour) FROM seed_hour))
),
numbered AS (
    SELECT *, %(first_scan)s - 1 + row_number() OVER (ORDER BY at, load, position) AS id FROM done
)
SELECT id, md5(concat(%(seed)s::text, ':', id))::uuid, bag, parent, step, outcome, false, false, seed_user.actor_id,
    numbered.area_id, seed_user.station, at,
    at + make_interval(secs => 0.05 + 1.5 * pg_temp.random_fraction(id, 'delay')), '',
    coalesce(was_state, ''), was_area, was_bound_for, coalesce(was_parent_state, '')
FROM numbered
JOIN seed_user ON seed_user.area_id = numbered.area_id
    -- One user fills a parent; additional scans are by another user each time.
    AND seed_user.slot = floor(1000 * pg_temp.random_fraction(
        load * 16 + CASE WHEN position < 1000000 THEN ascii(step) ELSE mod(id, 16) END, 'who'))::int
ORDER BY id
