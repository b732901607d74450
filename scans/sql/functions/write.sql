-- Write new bags, changed bags and ledger rows in one round trip.
-- Return the ids of new bags and scans.
CREATE OR REPLACE FUNCTION scans_write(created json, changed json, scans json)
RETURNS TABLE(bags bigint[], ids bigint[])
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    made bigint[] := '{}';
    kinds text;
BEGIN
    -- The nth of those created is spoken of as -n. Parents come first: a child may lie in one.
    FOR kinds IN
        SELECT DISTINCT one ->> 'kind' FROM json_array_elements(created) AS one ORDER BY 1 DESC
    LOOP
        WITH added AS (
            INSERT INTO bags_bag (
                code, kind, bag_type_id, batch_id, parent_id, area_id, bound_for_id, state,
                capacity, child_count, weight
            )
            SELECT new.code, new.kind, new.type, new.batch,
                CASE WHEN new.parent < 0 THEN made[-new.parent] ELSE new.parent END,
                new.area, new.bound_for, new.state, new.capacity, new.child_count, new.weight
            FROM ROWS FROM (json_to_recordset(created) AS (
                code text, kind text, type bigint, batch bigint, parent bigint, area bigint,
                bound_for bigint, state text, capacity int, child_count int, weight numeric
            )) WITH ORDINALITY AS new (
                code, kind, type, batch, parent, area, bound_for, state, capacity, child_count,
                weight, n)
            WHERE new.kind = kinds ORDER BY new.n
            RETURNING id
        )
        SELECT made || array_agg(id ORDER BY id) INTO made FROM added;
    END LOOP;
    IF json_array_length(changed) > 0 THEN
        UPDATE bags_bag AS bag
        SET state = new.state,
            parent_id = CASE WHEN new.parent < 0 THEN made[-new.parent] ELSE new.parent END,
            area_id = new.area, bound_for_id = new.bound_for, child_count = new.child_count,
            weight = new.weight
        FROM json_to_recordset(changed) AS new (
            id bigint, state text, parent bigint, area bigint, bound_for bigint, child_count int,
            weight numeric
        )
        -- The second says the first once more, so that no plan reads all bags to join them.
        WHERE bag.id = new.id AND bag.id = ANY (ARRAY(
            SELECT (one ->> 'id')::bigint FROM json_array_elements(changed) AS one));
    END IF;
    IF json_array_length(scans) > 0 THEN
        WITH added AS (
            INSERT INTO scans_scan (
                ref, bag_id, parent_id, step, outcome, unexpected, forced, actor_id, area_id,
                station, scanned_at, recorded_at, note, undoes_id, was_state, was_area_id,
                was_bound_for_id, was_parent_id, was_parent_state
            )
            SELECT new.ref,
                CASE WHEN new.bag < 0 THEN made[-new.bag] ELSE new.bag END,
                CASE WHEN new.parent < 0 THEN made[-new.parent] ELSE new.parent END,
                new.step, new.outcome, new.unexpected, new.forced, new.actor_id, new.area_id,
                new.station, new.scanned_at, new.recorded_at, new.note, new.undoes_id,
                new.was_state, new.was_area_id, new.was_bound_for_id,
                CASE WHEN new.was_parent < 0 THEN made[-new.was_parent] ELSE new.was_parent END,
                new.was_parent_state
            FROM json_to_recordset(scans) AS new (
                ref uuid, bag bigint, parent bigint, was_parent bigint, step text, outcome text,
                unexpected boolean, forced boolean, actor_id bigint, area_id bigint, station text,
                scanned_at timestamptz, recorded_at timestamptz, note text, undoes_id bigint,
                was_state text, was_area_id bigint, was_bound_for_id bigint,
                was_parent_state text
            )
            RETURNING id
        )
        SELECT array_agg(id ORDER BY id) INTO ids FROM added;
    END IF;
    bags := made;
    RETURN NEXT;
END $$;
