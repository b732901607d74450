-- Load everything that recording needs by keys: bags, their parents, areas, bag types, batches and
-- known refs. A function, because its plan is cached per connection.
CREATE OR REPLACE FUNCTION scans_load(codes text[], area_codes text[], lots text[], refs uuid[])
RETURNS TABLE (
    bags json, parents json, areas json, types json, batches json, known_refs json
)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY WITH named AS MATERIALIZED (
        SELECT bag.id, bag.code, bag.kind, bag.bag_type_id, bag.batch_id, bag.parent_id,
            bag.area_id, bag.bound_for_id, bag.state, bag.capacity, bag.child_count,
            bag.weight::text
        FROM bags_bag AS bag WHERE bag.code = ANY (codes)
    )
    SELECT
        (SELECT json_agg(named) FROM named),
        (
            SELECT json_agg(json_build_object(
                'id', parent.id, 'code', parent.code, 'state', parent.state,
                'capacity', parent.capacity, 'child_count', parent.child_count))
            FROM bags_bag AS parent
            WHERE parent.id = ANY (ARRAY(SELECT named.parent_id FROM named))
        ),
        (
            SELECT json_agg(json_build_object(
                'id', area.id, 'code', area.code, 'name', area.name, 'active', area.active))
            FROM bags_area AS area
            WHERE area.code = ANY (area_codes)
                OR area.id = ANY (ARRAY(
                    SELECT named.area_id FROM named UNION ALL SELECT named.bound_for_id FROM named))
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
                SELECT named.batch_id FROM named
                UNION ALL SELECT lot.id FROM bags_batch AS lot WHERE lot.code = ANY (lots)))
        ),
        (SELECT json_agg(scan.ref) FROM scans_scan AS scan WHERE scan.ref = ANY (refs));
END $$;
