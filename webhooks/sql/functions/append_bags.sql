-- Append parent.completed events to the outbox for parents that a statement leaves complete.
CREATE OR REPLACE FUNCTION webhooks_append_bags()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    subscribed text[] := webhooks_subscribed_kinds();
BEGIN
    IF subscribed IS NULL OR NOT 'parent.completed' = ANY (subscribed) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO webhooks_event (uid, kind, bag_id, snapshot, body)
        SELECT gen_random_uuid(), 'parent.completed', id, webhooks_parent_snapshot(id), ''
        FROM added WHERE state = 'complete' ORDER BY id;
    ELSE
        INSERT INTO webhooks_event (uid, kind, bag_id, snapshot, body)
        SELECT gen_random_uuid(), 'parent.completed', id, webhooks_parent_snapshot(id), ''
        FROM added JOIN removed USING (id)
        WHERE added.state = 'complete' AND removed.state = 'open' ORDER BY id;
    END IF;
    IF FOUND THEN
        PERFORM webhooks_enqueue_match();
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER webhooks_append_bags_insert
AFTER INSERT ON bags_bag
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_bags();

CREATE OR REPLACE TRIGGER webhooks_append_bags_update
AFTER UPDATE ON bags_bag
REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_bags();
