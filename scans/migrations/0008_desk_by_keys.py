"""What a desk asks for by keys alone, and all that it writes, new bags too, by one question.

A condition with OR over a sub-select reads a table whole however many rows it finds: of batches
there are thousands. With arrays each part is a look at an index. docs/recording-a-scan.md
"""

from django.db import migrations

READ = """
CREATE OR REPLACE FUNCTION scans_read_v1(codes text[], areas text[], lots text[], refs uuid[])
RETURNS TABLE (bags json, parents json, places json, types json, batches json, known json)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
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
                    SELECT holder.username FROM tracetrack_user AS holder
                    WHERE holder.id = batch.held_by_id)))
            FROM bags_batch AS batch
            WHERE batch.id = ANY (ARRAY(
                SELECT held.batch_id FROM held
                UNION ALL SELECT named.id FROM bags_batch AS named WHERE named.code = ANY (lots)))
        ),
        (SELECT json_agg(scan.ref) FROM scans_scan AS scan WHERE scan.ref = ANY (refs));
END $$;
"""

WRITE = """
CREATE FUNCTION scans_write_v2(created json, changed json, scans json)
RETURNS TABLE (bags bigint[], ids bigint[])
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
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
"""
DROP_WRITE = "DROP FUNCTION scans_write_v2(json, json, json);"


class Migration(migrations.Migration):
    dependencies = [("scans", "0007_rare_steps")]
    # A process that still runs the code before writes as it did: scans_write_v1() stays.
    operations = [
        migrations.RunSQL(READ, migrations.RunSQL.noop),
        migrations.RunSQL(WRITE, DROP_WRITE),
    ]
