-- Return the facts about a parent bag that its events carry.
CREATE OR REPLACE FUNCTION webhooks_parent_snapshot(sack bigint)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
    SELECT jsonb_build_object(
        'area', area.code, 'bag_type', kind.name, 'batch', batch.code,
        'count', bag.child_count, 'capacity', bag.capacity, 'weight', bag.weight::text)
    FROM bags_bag AS bag
    JOIN bags_area AS area ON area.id = bag.area_id
    JOIN bags_bagtype AS kind ON kind.id = bag.bag_type_id
    LEFT JOIN bags_batch AS batch ON batch.id = bag.batch_id
    WHERE bag.id = sack;
$$;
