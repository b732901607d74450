"""The procrastinate tasks of the webhook worker, which call matching, delivery and retention.

A job only says that there may be work. The outbox and the deliveries hold the work itself, so a
lost or duplicated job does no harm.
"""

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from webhooks import delivery, matching, queries, retention

QUEUE = "webhooks"
# Workers send a heartbeat this often and count as dead after this long without one.
HEARTBEAT_SECONDS = 2.0
DEAD_AFTER_SECONDS = 10.0


# Enqueued by the outbox triggers through the SQL function webhooks_enqueue_match().
@app.task(name="webhooks.match", queue=QUEUE, priority=10)
def match() -> None:
    """Create the deliveries of new events in the outbox."""
    matching.match_events()


# Enqueued by sql/enqueue_due.sql. The job's lock keeps each partition in one process at a time.
@app.task(name="webhooks.deliver", queue=QUEUE, pass_context=True)
def deliver(context: JobContext, webhook: int, partition: int) -> None:
    """Send the due deliveries of one partition of a webhook."""
    delivery.deliver_partition(
        webhook=webhook, partition=partition, should_stop=context.should_abort
    )


@app.periodic(cron="* * * * * */5")
@app.task(name="webhooks.poll", queue=QUEUE, priority=20, queueing_lock="webhooks.poll")
def poll(timestamp: int) -> None:
    """Match events that are left over, and enqueue deliveries whose retry delay has passed."""
    matching.match_events()
    queries.enqueue_due()


@app.periodic(cron="* * * * * */5")
@app.task(
    name="webhooks.release_stalled",
    queue=QUEUE,
    priority=20,
    queueing_lock="webhooks.release_stalled",
)
async def release_stalled(timestamp: int) -> None:
    """Finish the jobs of workers that died, so that their partitions can be enqueued again."""
    stalled = await app.job_manager.get_stalled_jobs(
        queue=QUEUE, seconds_since_heartbeat=DEAD_AFTER_SECONDS
    )
    for job in stalled:
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)


@app.periodic(cron="17 * * * *")
@app.task(name="webhooks.purge", queue=QUEUE, queueing_lock="webhooks.purge")
def purge(timestamp: int) -> None:
    """Delete events and deliveries after the retention period."""
    retention.purge()
