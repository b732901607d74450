-- Append the events of new scans to the outbox: scan.recorded, parent.dispatched, parent.received and
-- parent.completed. One statement may complete a parent and dispatch it at once, so its final state
-- does not show that it was complete; a later scan of the same statement that found it complete does.
-- Parents that are still complete afterwards are handled by append_bags.
CREATE OR REPLACE FUNCTION webhooks_append_scans()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    subscribed text[] := webhooks_subscribed_kinds();
BEGIN
    IF subscribed IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO webhooks_event (uid, kind, bag_id, scan_id, snapshot, body)
    WITH filling AS (
        -- For each parent, the first scan that may have completed it.
        SELECT parent, min(id) AS id FROM (
            SELECT parent_id AS parent, id FROM added
            WHERE step IN ('link', 'move') AND outcome = 'applied'
            UNION ALL
            SELECT bag_id, id FROM added WHERE step = 'complete' AND outcome = 'applied'
        ) AS candidate GROUP BY parent
    ), found_complete AS (
        -- The scans that found a parent complete.
        SELECT bag_id AS parent, id FROM added WHERE was_state = 'complete'
        UNION ALL
        SELECT was_parent_id, id FROM added
        WHERE was_parent_state = 'complete' AND was_parent_id IS NOT NULL
    ), event AS (
        SELECT 'parent.completed' AS kind, parent AS bag, NULL::bigint AS scan, later.id, 0 AS rank
        FROM filling JOIN found_complete AS later USING (parent) WHERE filling.id < later.id
        UNION ALL
        SELECT 'scan.recorded', bag_id, id, id, 1 FROM added
        UNION ALL
        SELECT CASE step WHEN 'dispatch' THEN 'parent.dispatched' ELSE 'parent.received' END,
            bag_id, id, id, 2
        FROM added WHERE step IN ('dispatch', 'receive') AND outcome = 'applied'
    )
    SELECT gen_random_uuid(), kind, bag, scan,
        CASE rank WHEN 1 THEN '{}' ELSE webhooks_parent_snapshot(bag) END, ''
    FROM event WHERE kind = ANY (subscribed) ORDER BY event.id, rank;
    IF FOUND THEN
        PERFORM webhooks_enqueue_match();
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER webhooks_append_scans
AFTER INSERT ON scans_scan
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_scans();
