-- Append events of scans to the outbox: scan.recorded, parent.completed, dispatched, received.
CREATE OR REPLACE FUNCTION webhooks_append_scans()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wanted text[] := webhooks_subscribed_kinds();
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
        CASE rank WHEN 1 THEN '{}' ELSE webhooks_parent_snapshot(bag) END, ''
    FROM told WHERE kind = ANY (wanted) ORDER BY told.id, rank;
    IF FOUND THEN
        PERFORM webhooks_enqueue_match();
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER webhooks_append_scans
AFTER INSERT ON scans_scan
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_scans();
