-- Insert new bags, update changed bags and add ledger rows in one call.
-- Parameters: arrays of objects; those of `scans` have the columns of scans_scan as keys.
-- Return the ids of the new bags and of the scans, in the order given.
CREATE OR REPLACE FUNCTION scans_save(created jsonb, changed jsonb, scans jsonb)
RETURNS TABLE (bag_ids bigint[], scan_ids bigint[])
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    new_ids bigint[] := '{}';
    bag_kind text;
BEGIN
    -- The nth new bag is referred to as -n until it has an id. Parents come first, because the
    -- new children may be in them.
    FOR bag_kind IN
        SELECT DISTINCT item ->> 'kind' FROM jsonb_array_elements(created) AS item ORDER BY 1 DESC
    LOOP
        WITH inserted AS (
            INSERT INTO bags_bag (
                code, kind, bag_type_id, batch_id, parent_id, area_id, bound_for_id, state,
                capacity, child_count, weight
            )
            SELECT new.code, new.kind, new.bag_type_id, new.batch_id,
                CASE WHEN new.parent_id < 0 THEN new_ids[-new.parent_id] ELSE new.parent_id END,
                new.area_id, new.bound_for_id, new.state, new.capacity, new.child_count, new.weight
            FROM jsonb_array_elements(created) WITH ORDINALITY AS item (fields, n)
            CROSS JOIN LATERAL jsonb_populate_record(NULL::bags_bag, item.fields) AS new
            WHERE new.kind = bag_kind
            ORDER BY item.n
            RETURNING id
        )
        SELECT new_ids || array_agg(id ORDER BY id) INTO new_ids FROM inserted;
    END LOOP;
    IF jsonb_array_length(changed) > 0 THEN
        UPDATE bags_bag AS bag
        SET state = new.state,
            parent_id = CASE WHEN new.parent_id < 0 THEN new_ids[-new.parent_id]
                ELSE new.parent_id END,
            area_id = new.area_id, bound_for_id = new.bound_for_id,
            child_count = new.child_count, weight = new.weight
        FROM jsonb_populate_recordset(NULL::bags_bag, changed) AS new
        -- The second condition is redundant; it keeps the planner from reading all bags to join.
        WHERE bag.id = new.id AND bag.id = ANY (ARRAY(
            SELECT (item ->> 'id')::bigint FROM jsonb_array_elements(changed) AS item));
    END IF;
    IF jsonb_array_length(scans) > 0 THEN
        WITH inserted AS (
            INSERT INTO scans_scan
            SELECT new.*
            FROM jsonb_array_elements(scans) WITH ORDINALITY AS item (fields, n)
            CROSS JOIN LATERAL jsonb_populate_record(
                NULL::scans_scan,
                item.fields || jsonb_build_object(
                    'id', nextval('scans_scan_id_seq'),
                    'bag_id', coalesce(
                        new_ids[-(item.fields ->> 'bag_id')::bigint],
                        (item.fields ->> 'bag_id')::bigint),
                    'parent_id', coalesce(
                        new_ids[-(item.fields ->> 'parent_id')::bigint],
                        (item.fields ->> 'parent_id')::bigint),
                    'was_parent_id', coalesce(
                        new_ids[-(item.fields ->> 'was_parent_id')::bigint],
                        (item.fields ->> 'was_parent_id')::bigint))
            ) AS new
            ORDER BY item.n
            RETURNING id
        )
        SELECT array_agg(id ORDER BY id) INTO scan_ids FROM inserted;
    END IF;
    bag_ids := new_ids;
    RETURN NEXT;
END $$;
