-- Return the data of a parent bag that is stored with its events, as it is now.
CREATE OR REPLACE FUNCTION webhooks_parent_snapshot(parent bigint)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
    SELECT jsonb_build_object(
        'area', area.code, 'bag_type', bag_type.name, 'batch', batch.code,
        'count', bag.child_count, 'capacity', bag.capacity, 'weight', bag.weight::text)
    FROM bags_bag AS bag
    JOIN bags_area AS area ON area.id = bag.area_id
    JOIN bags_bagtype AS bag_type ON bag_type.id = bag.bag_type_id
    LEFT JOIN bags_batch AS batch ON batch.id = bag.batch_id
    WHERE bag.id = parent;
$$;
