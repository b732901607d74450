-- Load everything that recording needs by keys: bags, their parents, areas, bag types, batches and
-- known refs. A function, because its plan is cached per connection.
CREATE OR REPLACE FUNCTION scans_load(codes text[], areas text[], lots text[], refs uuid[])
RETURNS TABLE (
    bags json, parents json, places json, types json, batches json, known json
)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY WITH held AS MATERIALIZED (
        SELECT bag.id, bag.code, bag.kind, bag.bag_type_id, bag.batch_id, bag.parent_id,
            bag.area_id, bag.bound_for_id, bag.state, bag.capacity, bag.child_count,
            bag.weight::text
        FROM bags_bag AS bag WHERE bag.code = ANY (codes)
    )
    SELECT
        (SELECT json_agg(held) FROM held),
        (
            SELECT json_agg(json_build_object(
                'id', parent.id, 'code', parent.code, 'state', parent.state,
                'capacity', parent.capacity, 'child_count', parent.child_count))
            FROM bags_bag AS parent
            WHERE parent.id = ANY (ARRAY(SELECT held.parent_id FROM held))
        ),
        (
            SELECT json_agg(json_build_object(
                'id', area.id, 'code', area.code, 'name', area.name, 'active', area.active))
            FROM bags_area AS area
            WHERE area.code = ANY (areas)
                OR area.id = ANY (ARRAY(
                    SELECT held.area_id FROM held UNION ALL SELECT held.bound_for_id FROM held))
        ),
        (
            SELECT json_agg(json_build_object(
                'id', kind.id, 'name', kind.name, 'parent_pattern', kind.parent_pattern,
                'child_pattern', kind.child_pattern, 'capacity', kind.capacity,
                'child_weight', kind.child_weight::text) ORDER BY kind.id)
            FROM bags_bagtype AS kind
        ),
        (
            SELECT json_agg(json_build_object(
                'id', batch.id, 'code', batch.code, 'bag_type_id', batch.bag_type_id,
                'state', batch.state, 'held', batch.held, 'held_reason', batch.held_reason,
                'held_at', batch.held_at, 'held_by_id', batch.held_by_id,
                'held_by', (
                    SELECT holder.username FROM accounts_user AS holder
                    WHERE holder.id = batch.held_by_id)))
            FROM bags_batch AS batch
            WHERE batch.id = ANY (ARRAY(
                SELECT held.batch_id FROM held
                UNION ALL SELECT named.id FROM bags_batch AS named WHERE named.code = ANY (lots)))
        ),
        (SELECT json_agg(scan.ref) FROM scans_scan AS scan WHERE scan.ref = ANY (refs));
END $$;
