"""The jobs of the worker, as the queue knows them. What they do stands elsewhere.

A job carries nothing that would be missed: the outbox and the deliveries say what is to be done, a
job only that it is time to look.
"""

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from webhooks import delivery, matching, queries, retention

QUEUE = "webhooks"
# How often a worker says that it lives, and when it is taken for dead.
HEARTBEAT_SECONDS = 2.0
DEAD_SECONDS = 10.0


# Queued by the triggers of migrations/0002_outbox.py, whenever they write.
@app.task(name="webhooks.match", queue=QUEUE, priority=10)
def match() -> None:
    """Make deliveries of what is in the outbox."""
    matching.match()


# Queued by sql/wake.sql. The job's lock keeps each lane in one process at a time.
@app.task(name="webhooks.deliver", queue=QUEUE, pass_context=True)
def deliver(context: JobContext, webhook: int, lane: int) -> None:
    """Send what is due in one lane."""
    delivery.deliver(webhook=webhook, lane=lane, stopping=context.should_abort)


@app.periodic(cron="* * * * * */5")
@app.task(name="webhooks.sweep", queue=QUEUE, priority=20, queueing_lock="webhooks.sweep")
def sweep(timestamp: int) -> None:
    """Take up again what waited for its time, and whatever else was left behind."""
    matching.match()
    queries.wake()


@app.periodic(cron="* * * * * */5")
@app.task(name="webhooks.free", queue=QUEUE, priority=20, queueing_lock="webhooks.free")
async def free(timestamp: int) -> None:
    """Let go of the lanes of workers that died."""
    dead = await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=DEAD_SECONDS)
    for job in dead:
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)


@app.periodic(cron="17 * * * *")
@app.task(name="webhooks.tidy", queue=QUEUE, queueing_lock="webhooks.tidy")
def tidy(timestamp: int) -> None:
    """Forget what is old."""
    retention.forget()
