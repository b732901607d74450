-- Queue a job for every lane of a webhook in which something is due, unless one is queued already.
-- A paused webhook is sent nothing but tests.
-- Parameters: lanes, the number of lanes of a webhook. Index: webhook_delivery_waiting
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
SELECT 'webhooks', 'webhooks.deliver', place, place,
    jsonb_build_object('webhook', webhook, 'lane', number)
FROM (
    SELECT webhook.id AS webhook, number, format('webhook:%%s:%%s', webhook.id, number) AS place
    FROM webhooks_webhook AS webhook, generate_series(0, %(lanes)s - 1) AS number,
        -- The limit keeps it to one look into the index for each lane, however much waits.
        LATERAL (
            SELECT FROM webhooks_delivery AS delivery
            WHERE delivery.webhook_id = webhook.id AND delivery.lane = number
                AND delivery.state = 'waiting' AND delivery.due_at <= statement_timestamp()
                AND (webhook.state = 'active' OR delivery.subject = 'test:0')
            LIMIT 1
        ) AS something
    WHERE webhook.state <> 'ended'
        AND (webhook.rests_until IS NULL OR webhook.rests_until <= statement_timestamp())
) AS due
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
