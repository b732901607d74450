-- Add all rows of the group to the ledger, in their order: births first, child before parent.
-- Parameters: now timestamptz.
INSERT INTO scans_scan (
    ref, bag_id, parent_id, step, outcome, unexpected, forced, actor_id, area_id, station,
    scanned_at, recorded_at, note, undoes_id, was_state, was_area_id, was_bound_for_id,
    was_parent_id, was_parent_state
)
SELECT ref, bag_id, parent_id, step, outcome, unexpected, forced, actor_id, area_id, station,
    scanned_at, recorded_at, note, undoes_id, was_state, was_area_id, was_bound_for_id,
    was_parent_id, was_parent_state
FROM (
    SELECT s.n, 0 AS turn, s.birth AS ref, link.bag_id, NULL::bigint AS parent_id,
        'register' AS step, 'applied' AS outcome, false AS unexpected, false AS forced, s.actor_id,
        s.area_id, s.station, s.scanned_at, %(now)s::timestamptz AS recorded_at, '' AS note,
        NULL::bigint AS undoes_id, '' AS was_state, NULL::bigint AS was_area_id,
        NULL::bigint AS was_bound_for_id, NULL::bigint AS was_parent_id, '' AS was_parent_state
    FROM scans_links AS link
    JOIN scans_staged AS s USING (n)
    JOIN scans_codes AS bag ON bag.id = link.bag_id
    WHERE bag.fresh
    UNION ALL
    SELECT s.n, 1, s.parent_birth, link.parent_id, NULL, 'register', 'applied', false, false,
        s.actor_id, s.area_id, s.station, s.scanned_at, %(now)s, '', NULL, '', NULL, NULL, NULL, ''
    FROM scans_links AS link
    JOIN scans_staged AS s USING (n)
    WHERE link.opens
    UNION ALL
    SELECT s.n, 2, s.ref, bag.id, link.parent_id, s.step,
        CASE WHEN s.step = 'register' AND NOT bag.fresh THEN 'already' ELSE 'applied' END,
        s.step = 'receive' AND bag.state <> 'dispatched', false, s.actor_id, s.area_id, s.station,
        s.scanned_at, %(now)s, s.note, NULL,
        CASE
            WHEN s.step IN ('inspect', 'register') THEN ''
            WHEN bag.fresh THEN 'loose'
            ELSE bag.state
        END,
        CASE
            WHEN s.step IN ('inspect', 'register') THEN NULL
            WHEN bag.fresh THEN s.area_id
            ELSE bag.area_id
        END,
        CASE WHEN s.step NOT IN ('inspect', 'register') THEN bag.bound_for_id END,
        NULL, CASE WHEN s.step = 'link' THEN 'open' ELSE '' END
    FROM scans_staged AS s
    JOIN scans_codes AS bag USING (code)
    LEFT JOIN scans_links AS link USING (n)
    WHERE s.n NOT IN (SELECT n FROM scans_hard)
    UNION ALL
    SELECT n, turn, ref, bag_id, parent_id, step, outcome, unexpected, forced, actor_id, area_id,
        station, scanned_at, recorded_at, note, undoes_id, was_state, was_area_id,
        was_bound_for_id, was_parent_id, was_parent_state
    FROM scans_decided
) AS all_rows
ORDER BY n, turn
