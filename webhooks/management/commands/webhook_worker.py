"""Send what webhooks are to be told; runs until it is stopped, and may be killed at any time."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from webhooks.tasks import DEAD_SECONDS, HEARTBEAT_SECONDS, QUEUE

# Beside those of the threads that send: some to ask the queue, one to be woken by.
QUEUE_CONNECTIONS = 2
LEAVE_SECONDS = 0.5


class Command(BaseCommand):
    help = "Send what webhooks are to be told; runs until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        connector = PsycopgConnector(
            kwargs=connector_params(), min_size=1, max_size=QUEUE_CONNECTIONS
        )
        with app.replace_connector(connector):
            asyncio.run(_work())


async def _work() -> None:
    async with app.open_async():
        await app.run_worker_async(
            queues=[QUEUE],
            concurrency=settings.WEBHOOK_AT_ONCE,
            delete_jobs="always",
            # Being woken is the rule; asking is for when the wake-up call was lost.
            fetch_job_polling_interval=1.0,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=DEAD_SECONDS,
            # Then lanes are told to stop, and end with what is on its way.
            shutdown_graceful_timeout=LEAVE_SECONDS,
        )
