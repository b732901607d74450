"""What record_scan() asks for and writes, as functions: planned once for each connection.

A plan made while the tables were small would read them whole for as long as the connection lives;
`enable_seqscan = off` keeps every plan on the indexes. Each statement of a volatile function sees
what was committed before it: so what is read after a lock is what the lock has waited for.
"""

from django.db import migrations

LOCK = """
CREATE FUNCTION scans_lock_v1(keys text[], codes text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
BEGIN
    -- Everybody locks in one order, so that nobody waits in a ring.
    PERFORM pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended(text, 0) AS key FROM unnest(keys) AS text ORDER BY key
    ) AS sorted;
    PERFORM FROM bags_bag AS bag WHERE bag.code = ANY (codes)
    ORDER BY bag.kind DESC, bag.code FOR NO KEY UPDATE;
END $$;
"""
DROP_LOCK = "DROP FUNCTION scans_lock_v1(text[], text[]);"

READ = """
CREATE FUNCTION scans_read_v1(codes text[], areas text[], lots text[], refs uuid[])
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
            SELECT json_agg(json_build_object('id', parent.id, 'code', parent.code))
            FROM bags_bag AS parent WHERE parent.id IN (SELECT held.parent_id FROM held)
        ),
        (
            SELECT json_agg(json_build_object(
                'id', area.id, 'code', area.code, 'name', area.name, 'active', area.active))
            FROM bags_area AS area
            WHERE area.code = ANY (areas)
                OR area.id IN (SELECT held.area_id FROM held)
                OR area.id IN (SELECT held.bound_for_id FROM held)
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
                'held_by', holder.username))
            FROM bags_batch AS batch
            LEFT JOIN tracetrack_user AS holder ON holder.id = batch.held_by_id
            WHERE batch.code = ANY (lots) OR batch.id IN (SELECT held.batch_id FROM held)
        ),
        (SELECT json_agg(scan.ref) FROM scans_scan AS scan WHERE scan.ref = ANY (refs));
END $$;
"""
DROP_READ = "DROP FUNCTION scans_read_v1(text[], text[], text[], uuid[]);"

OPEN = """
CREATE FUNCTION scans_open_v1(
    keys text[], codes text[], areas text[], lots text[], refs uuid[]
)
RETURNS TABLE (bags json, parents json, places json, types json, batches json, known json)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM scans_lock_v1(keys, codes);
    RETURN QUERY SELECT * FROM scans_read_v1(codes, areas, lots, refs);
END $$;
"""
DROP_OPEN = "DROP FUNCTION scans_open_v1(text[], text[], text[], text[], uuid[]);"

WRITE = """
CREATE FUNCTION scans_write_v1(changed json, scans json) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE
    ids bigint[];
BEGIN
    IF json_array_length(changed) > 0 THEN
        UPDATE bags_bag AS bag
        SET state = new.state, parent_id = new.parent, area_id = new.area,
            bound_for_id = new.bound_for, child_count = new.child_count, weight = new.weight
        FROM json_to_recordset(changed) AS new (
            id bigint, state text, parent bigint, area bigint, bound_for bigint, child_count int,
            weight numeric
        )
        WHERE bag.id = new.id;
    END IF;
    WITH added AS (
        INSERT INTO scans_scan (
            ref, bag_id, parent_id, step, outcome, unexpected, forced, actor_id, area_id, station,
            scanned_at, recorded_at, note, undoes_id, was_state, was_area_id, was_bound_for_id,
            was_parent_id, was_parent_state
        )
        SELECT new.* FROM json_to_recordset(scans) AS new (
            ref uuid, bag_id bigint, parent_id bigint, step text, outcome text,
            unexpected boolean, forced boolean, actor_id bigint, area_id bigint, station text,
            scanned_at timestamptz, recorded_at timestamptz, note text, undoes_id bigint,
            was_state text, was_area_id bigint, was_bound_for_id bigint, was_parent_id bigint,
            was_parent_state text
        )
        RETURNING id
    )
    SELECT array_agg(id ORDER BY id) INTO ids FROM added;
    RETURN ids;
END $$;
"""
DROP_WRITE = "DROP FUNCTION scans_write_v1(json, json);"


class Migration(migrations.Migration):
    dependencies = [("scans", "0002_append_only"), ("bags", "0001_initial")]
    operations = [
        migrations.RunSQL(LOCK, DROP_LOCK),
        migrations.RunSQL(READ, DROP_READ),
        migrations.RunSQL(OPEN, DROP_OPEN),
        migrations.RunSQL(WRITE, DROP_WRITE),
    ]
