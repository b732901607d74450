"""Matching of events with webhooks, and the queue of deliveries."""

import json
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import make_parent, scan
from tests.webhook_helpers import make_webhook
from webhooks import matching, queries
from webhooks.models import Delivery, Event, Webhook

URL = "https://erp.example/hook"


class TestMatching:
    def test_returns_at_once_if_lock_is_taken(self, ines):
        make_webhook(ines, URL)
        scan(ines, "register", "SB10001")
        other = psycopg.connect(**connection.get_connection_params())
        with other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [matching.MATCHING_LOCK_KEY])
            assert matching.match_events() == 0
        other.close()

        assert matching.match_events() == 1
        assert matching.match_events() == 0

    def test_processes_all_chunks(self, ines, monkeypatch):
        monkeypatch.setattr(matching, "CHUNK_SIZE", 2)
        make_webhook(ines, URL)
        make_parent("SB10001", 4, actor=ines)

        # Each child is registered, then linked.
        assert matching.match_events() == 9
        assert [d.event_id for d in Delivery.objects.order_by("id")] == [
            e.pk for e in Event.objects.order_by("id")
        ]


class TestQueue:
    @pytest.fixture(autouse=True)
    def empty_tables(self, db):
        """Empty the tables of the queue; Django does not flush unmanaged tables."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_events; DELETE FROM procrastinate_jobs")

    def partitions(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id",
                ["webhooks.deliver"],
            )
            return [json.loads(args)["partition"] for (args,) in cursor.fetchall()]

    def test_has_one_job_per_partition_with_due_delivery(self, ines):
        make_webhook(ines, URL)
        first = scan(ines, "register", "SB10001").bag.pk
        second = scan(ines, "register", "SB10002").bag.pk

        matching.match_events()
        queries.enqueue_due()
        queries.enqueue_due()

        assert sorted(self.partitions()) == sorted(
            {first % queries.PARTITIONS, second % queries.PARTITIONS}
        )

    def test_has_no_job_during_backoff(self, ines):
        make_webhook(ines, URL)
        Webhook.objects.update(backoff_until=timezone.now() + timedelta(minutes=1))
        scan(ines, "register", "SB10001")

        matching.match_events()

        assert self.partitions() == []
