-- Enqueue a job for every partition of a webhook with a due delivery, unless one is queued already.
-- A paused webhook gets only test events.
-- Parameters: partitions int, the number of partitions of a webhook.
-- Index: webhook_delivery_waiting
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
SELECT 'webhooks', 'webhooks.deliver', lock_name, lock_name,
    jsonb_build_object('webhook', webhook, 'partition', partition)
FROM (
    SELECT webhook.id AS webhook, number AS partition,
        format('webhook:%%s:%%s', webhook.id, number) AS lock_name
    FROM webhooks_webhook AS webhook, generate_series(0, %(partitions)s - 1) AS number,
        -- LIMIT 1: one index probe for each partition, however many deliveries wait.
        LATERAL (
            SELECT FROM webhooks_delivery AS delivery
            WHERE delivery.webhook_id = webhook.id AND delivery.partition = number
                AND delivery.state = 'waiting' AND delivery.due_at <= statement_timestamp()
                AND (webhook.state = 'active' OR delivery.subject = 'test:0')
            LIMIT 1
        ) AS due_delivery
    WHERE webhook.state <> 'ended'
        AND (webhook.backoff_until IS NULL OR webhook.backoff_until <= statement_timestamp())
) AS due
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
