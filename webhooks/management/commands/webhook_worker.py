"""Run the worker that matches events and sends webhook deliveries, until it is stopped.

It may be killed at any time: nothing is lost, and a delivery under way is sent again.
"""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from webhooks.tasks import DEAD_AFTER_SECONDS, HEARTBEAT_SECONDS, QUEUE

# For fetching jobs and for LISTEN; the sending threads have other connections.
QUEUE_CONNECTIONS = 2
SHUTDOWN_TIMEOUT_SECONDS = 0.5


class Command(BaseCommand):
    help = "Send webhook deliveries until the process is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        connector = PsycopgConnector(
            kwargs=connector_params(), min_size=1, max_size=QUEUE_CONNECTIONS
        )
        with app.replace_connector(connector):
            asyncio.run(_run_worker())


async def _run_worker() -> None:
    async with app.open_async():
        await app.run_worker_async(
            queues=[QUEUE],
            concurrency=settings.WEBHOOK_AT_ONCE,
            delete_jobs="always",
            # Jobs arrive by NOTIFY; polling covers lost notifications.
            fetch_job_polling_interval=1.0,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=DEAD_AFTER_SECONDS,
            # After this, running jobs are aborted: they finish the current delivery and return.
            shutdown_graceful_timeout=SHUTDOWN_TIMEOUT_SECONDS,
        )
