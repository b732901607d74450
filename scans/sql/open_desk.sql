-- Lock the bags with these codes and give them with all that the steps ask about.
-- Parameters: codes, areas, lots text[]; refs uuid[]. Index: bag_code_is_unique.
-- Parents before children, then by code: everybody locks in this order. The rows are locked alone and
-- joined afterwards, because a row that is locked in a join vanishes from it where somebody changed the joined column.
WITH held AS MATERIALIZED (
    SELECT id, code, kind, bag_type_id, batch_id, parent_id, area_id, bound_for_id, state,
        capacity, child_count, weight::text
    FROM bags_bag
    WHERE code = ANY (%(codes)s::text[])
    ORDER BY kind DESC, code
    FOR NO KEY UPDATE
)
SELECT
    (SELECT json_agg(held) FROM held) AS bags,
    (
        SELECT json_agg(json_build_object('id', parent.id, 'code', parent.code))
        FROM bags_bag AS parent WHERE parent.id IN (SELECT parent_id FROM held)
    ) AS parents,
    (
        SELECT json_agg(json_build_object(
            'id', area.id, 'code', area.code, 'name', area.name, 'active', area.active))
        FROM bags_area AS area
        WHERE area.code = ANY (%(areas)s::text[])
            OR area.id IN (SELECT area_id FROM held)
            OR area.id IN (SELECT bound_for_id FROM held)
    ) AS areas,
    (
        SELECT json_agg(json_build_object(
            'id', kind.id, 'name', kind.name, 'parent_pattern', kind.parent_pattern,
            'child_pattern', kind.child_pattern, 'capacity', kind.capacity,
            'child_weight', kind.child_weight::text) ORDER BY kind.id)
        FROM bags_bagtype AS kind
    ) AS types,
    (
        SELECT json_agg(json_build_object(
            'id', batch.id, 'code', batch.code, 'bag_type_id', batch.bag_type_id,
            'state', batch.state, 'held', batch.held, 'held_reason', batch.held_reason,
            'held_at', batch.held_at, 'held_by_id', batch.held_by_id,
            'held_by', holder.username))
        FROM bags_batch AS batch
        LEFT JOIN tracetrack_user AS holder ON holder.id = batch.held_by_id
        WHERE batch.code = ANY (%(lots)s::text[]) OR batch.id IN (SELECT batch_id FROM held)
    ) AS batches,
    (
        SELECT json_agg(scan.ref) FROM scans_scan AS scan
        WHERE scan.ref = ANY (%(refs)s::uuid[])
    ) AS refs
