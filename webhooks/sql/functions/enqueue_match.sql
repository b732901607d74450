-- Enqueue a job that matches new events with webhooks. It commits with the transaction, and
-- PostgreSQL notifies the worker.
CREATE OR REPLACE FUNCTION webhooks_enqueue_match()
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority)
    VALUES ('webhooks', 'webhooks.match', 10);
$$;
