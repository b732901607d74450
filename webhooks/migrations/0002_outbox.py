"""Write into the outbox what happens, in the transaction in which it happens.

Statement triggers, so that one scan, a sheet and an upload are told of alike. Where no active
webhook wants to hear of it, a trigger asks one short question and is done. What wakes the worker
is a job in the queue's own table: it comes and goes with the transaction, and PostgreSQL notifies.
"""

from django.db import migrations

WANTED = """
CREATE FUNCTION webhooks_wanted_v1() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(DISTINCT kind) FROM webhooks_webhook, unnest(events) AS kind
    WHERE state = 'active';
$$;

CREATE FUNCTION webhooks_wake_v1() RETURNS void LANGUAGE sql VOLATILE AS $$
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority)
    VALUES ('webhooks', 'webhooks.match', 10);
$$;

CREATE FUNCTION webhooks_facts_v1(sack bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'area', area.code, 'bag_type', kind.name, 'batch', batch.code,
        'count', bag.child_count, 'capacity', bag.capacity, 'weight', bag.weight::text)
    FROM bags_bag AS bag
    JOIN bags_area AS area ON area.id = bag.area_id
    JOIN bags_bagtype AS kind ON kind.id = bag.bag_type_id
    LEFT JOIN bags_batch AS batch ON batch.id = bag.batch_id
    WHERE bag.id = sack;
$$;
"""
DROP_WANTED = """
DROP FUNCTION webhooks_facts_v1(bigint);
DROP FUNCTION webhooks_wake_v1();
DROP FUNCTION webhooks_wanted_v1();
"""

# Within one statement a sack may be filled, sent off and more: what its row shows afterwards does
# not tell that it was complete. A scan that found it complete, after one that may have filled it,
# does.
SCANS = """
CREATE FUNCTION webhooks_append_scans_v1() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted text[] := webhooks_wanted_v1();
BEGIN
    IF wanted IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO webhooks_event (uid, kind, bag_id, scan_id, facts, body)
    WITH filled AS (
        SELECT sack, min(id) AS id FROM (
            SELECT parent_id AS sack, id FROM added
            WHERE step IN ('link', 'move') AND outcome = 'applied'
            UNION ALL
            SELECT bag_id, id FROM added WHERE step = 'complete' AND outcome = 'applied'
        ) AS either GROUP BY sack
    ), left_complete AS (
        SELECT bag_id AS sack, id FROM added WHERE was_state = 'complete'
        UNION ALL
        SELECT was_parent_id, id FROM added
        WHERE was_parent_state = 'complete' AND was_parent_id IS NOT NULL
    ), told AS (
        SELECT 'parent.completed' AS kind, sack AS bag, NULL::bigint AS scan, later.id, 0 AS rank
        FROM filled JOIN left_complete AS later USING (sack) WHERE filled.id < later.id
        UNION ALL
        SELECT 'scan.recorded', bag_id, id, id, 1 FROM added
        UNION ALL
        SELECT CASE step WHEN 'dispatch' THEN 'parent.dispatched' ELSE 'parent.received' END,
            bag_id, id, id, 2
        FROM added WHERE step IN ('dispatch', 'receive') AND outcome = 'applied'
    )
    SELECT gen_random_uuid(), kind, bag, scan,
        CASE rank WHEN 1 THEN '{}' ELSE webhooks_facts_v1(bag) END, ''
    FROM told WHERE kind = ANY (wanted) ORDER BY told.id, rank;
    IF FOUND THEN
        PERFORM webhooks_wake_v1();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER webhooks_append_scans_v1 AFTER INSERT ON scans_scan
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_scans_v1();
"""
DROP_SCANS = """
DROP TRIGGER webhooks_append_scans_v1 ON scans_scan;
DROP FUNCTION webhooks_append_scans_v1();
"""

BAGS = """
CREATE FUNCTION webhooks_append_bags_v1() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted text[] := webhooks_wanted_v1();
BEGIN
    IF wanted IS NULL OR NOT 'parent.completed' = ANY (wanted) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO webhooks_event (uid, kind, bag_id, facts, body)
        SELECT gen_random_uuid(), 'parent.completed', id, webhooks_facts_v1(id), ''
        FROM added WHERE state = 'complete' ORDER BY id;
    ELSE
        INSERT INTO webhooks_event (uid, kind, bag_id, facts, body)
        SELECT gen_random_uuid(), 'parent.completed', id, webhooks_facts_v1(id), ''
        FROM added JOIN removed USING (id)
        WHERE added.state = 'complete' AND removed.state = 'open' ORDER BY id;
    END IF;
    IF FOUND THEN
        PERFORM webhooks_wake_v1();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER webhooks_append_bags_insert_v1 AFTER INSERT ON bags_bag
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_bags_v1();
CREATE TRIGGER webhooks_append_bags_update_v1 AFTER UPDATE ON bags_bag
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_bags_v1();
"""
DROP_BAGS = """
DROP TRIGGER webhooks_append_bags_insert_v1 ON bags_bag;
DROP TRIGGER webhooks_append_bags_update_v1 ON bags_bag;
DROP FUNCTION webhooks_append_bags_v1();
"""

BATCHES = """
CREATE FUNCTION webhooks_append_batches_v1() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted text[] := webhooks_wanted_v1();
BEGIN
    IF wanted IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO webhooks_event (uid, kind, batch_id, facts, body)
    SELECT gen_random_uuid(), kind, id, jsonb_build_object(
        'batch', code, 'bag_type', bag_type, 'product', product, 'state', state,
        'reason', reason, 'held_at', held_at, 'held_by', held_by), ''
    FROM (
        SELECT batch.id, batch.code, batch.product, batch.state, type.name AS bag_type,
            CASE WHEN batch.held THEN 'batch.held' ELSE 'batch.released' END AS kind,
            -- Of a hold that ended: the hold that it was.
            hold.held_reason AS reason, hold.held_at, person.username AS held_by
        FROM added AS batch
        JOIN removed AS before ON before.id = batch.id AND before.held <> batch.held
        JOIN LATERAL (
            SELECT * FROM added WHERE held AND id = batch.id
            UNION ALL SELECT * FROM removed WHERE held AND id = batch.id
        ) AS hold ON true
        JOIN bags_bagtype AS type ON type.id = batch.bag_type_id
        LEFT JOIN tracetrack_user AS person ON person.id = hold.held_by_id
    ) AS told WHERE kind = ANY (wanted) ORDER BY id;
    IF FOUND THEN
        PERFORM webhooks_wake_v1();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER webhooks_append_batches_v1 AFTER UPDATE ON bags_batch
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_batches_v1();
"""
DROP_BATCHES = """
DROP TRIGGER webhooks_append_batches_v1 ON bags_batch;
DROP FUNCTION webhooks_append_batches_v1();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
        ("bags", "0001_initial"),
        ("scans", "0001_initial"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]
    operations = [
        migrations.RunSQL(WANTED, DROP_WANTED),
        migrations.RunSQL(SCANS, DROP_SCANS),
        migrations.RunSQL(BAGS, DROP_BAGS),
        migrations.RunSQL(BATCHES, DROP_BATCHES),
    ]
