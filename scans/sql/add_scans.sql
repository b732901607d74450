-- Add rows to the ledger, in this order; gives their ids.
-- Parameters: arrays of equal length, one element a scan.
INSERT INTO scans_scan (
    ref, bag_id, parent_id, step, outcome, unexpected, forced, actor_id, area_id, station,
    scanned_at, recorded_at, note, undoes_id, was_state, was_area_id, was_bound_for_id,
    was_parent_id, was_parent_state
)
SELECT ref, bag, parent, step, outcome, unexpected, forced, actor, area, station, scanned_at,
    recorded_at, note, undoes, was_state, was_area, was_bound_for, was_parent, was_parent_state
FROM unnest(
    %(ref)s::uuid[], %(bag_id)s::bigint[], %(parent_id)s::bigint[], %(step)s::text[],
    %(outcome)s::text[], %(unexpected)s::boolean[], %(forced)s::boolean[],
    %(actor_id)s::bigint[], %(area_id)s::bigint[], %(station)s::text[],
    %(scanned_at)s::timestamptz[], %(recorded_at)s::timestamptz[], %(note)s::text[],
    %(undoes_id)s::bigint[], %(was_state)s::text[], %(was_area_id)s::bigint[],
    %(was_bound_for_id)s::bigint[], %(was_parent_id)s::bigint[], %(was_parent_state)s::text[]
) WITH ORDINALITY AS new (
    ref, bag, parent, step, outcome, unexpected, forced, actor, area, station, scanned_at,
    recorded_at, note, undoes, was_state, was_area, was_bound_for, was_parent, was_parent_state, n
)
ORDER BY n
RETURNING id
