-- Return the event kinds that at least one active webhook subscribes to; NULL if there are none.
-- The outbox triggers write nothing for other kinds.
CREATE OR REPLACE FUNCTION webhooks_subscribed_kinds()
RETURNS text[]
LANGUAGE sql
STABLE
AS $$
    SELECT array_agg(DISTINCT kind) FROM webhooks_webhook, unnest(events) AS kind
    WHERE state = 'active';
$$;
