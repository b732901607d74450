-- Append batch.held and batch.released events to the outbox when a hold is placed or lifted.
CREATE OR REPLACE FUNCTION webhooks_append_batches()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    subscribed text[] := webhooks_subscribed_kinds();
BEGIN
    IF subscribed IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO webhooks_event (uid, kind, batch_id, snapshot, body)
    SELECT gen_random_uuid(), kind, id, jsonb_build_object(
        'batch', code, 'bag_type', bag_type, 'product', product, 'state', state,
        'reason', reason, 'held_at', held_at, 'held_by', held_by), ''
    FROM (
        SELECT batch.id, batch.code, batch.product, batch.state, type.name AS bag_type,
            CASE WHEN batch.held THEN 'batch.held' ELSE 'batch.released' END AS kind,
            -- For batch.released, the hold that was lifted.
            hold.held_reason AS reason, hold.held_at, holder.username AS held_by
        FROM added AS batch
        JOIN removed AS before ON before.id = batch.id AND before.held <> batch.held
        JOIN LATERAL (
            SELECT * FROM added WHERE held AND id = batch.id
            UNION ALL SELECT * FROM removed WHERE held AND id = batch.id
        ) AS hold ON true
        JOIN bags_bagtype AS type ON type.id = batch.bag_type_id
        LEFT JOIN accounts_user AS holder ON holder.id = hold.held_by_id
    ) AS event WHERE kind = ANY (subscribed) ORDER BY id;
    IF FOUND THEN
        PERFORM webhooks_enqueue_match();
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER webhooks_append_batches
AFTER UPDATE ON bags_batch
REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION webhooks_append_batches();
