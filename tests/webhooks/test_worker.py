"""The worker as a process: woken within a moment, killed at any time, stopped in good order."""

import os
import signal
from collections import defaultdict
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from scans.bulk import record_together
from scans.entries import read_entry
from tests.factories import make_parent, make_user, reference, scan
from tests.live import until
from tests.webhooks.hooks import make_webhook
from tests.webhooks.receiver import receiving, start_worker, working
from webhooks.models import Delivery, Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def ines(empty_queue):
    reference()
    return make_user("ines", "integrator")


def alive():
    """Whether a worker is at work: it has queued the first of its periodic jobs."""
    return rows("procrastinate_periodic_defers") > 0


def rows(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def all_settled():
    waiting = Delivery.objects.filter(state="waiting").exists()
    return not waiting and not Event.objects.unmatched().exists()


def storm(actor, bags, rounds):
    """Every bag is scanned in every round, in uploads of their own."""
    for _ in range(rounds):
        rows = [
            read_entry(
                {"ref": uuid4(), "step": "inspect", "code": code, "area": "lucknow"}
                | {"scanned_at": timezone.now()}
            )
            for code in bags
        ]
        record_together(rows, actor=actor, areas=None, now=timezone.now(), whole=True)


class TestAWorker:
    def test_sends_as_soon_as_something_is_recorded(self, ines, receiver):
        make_webhook(ines, receiver.url)

        with working(receiver):
            assert until(alive)
            scan(ines, "register", "SB10001")
            (received,) = receiver.wait_for(1)

        assert received.event["data"]["scan"]["code"] == "SB10001"

    def test_ends_in_good_order_when_it_is_asked_to(self, ines, receiver):
        make_webhook(ines, receiver.url)

        with working(receiver) as worker:
            assert until(alive)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0

        assert rows("procrastinate_workers") == 0

    def test_that_is_killed_loses_nothing_and_keeps_the_order(self, ines):
        bags = [f"SB{20000 + number}" for number in range(12)]
        for code in bags:
            make_parent(code, actor=ines)
        with receiving() as receiver:
            make_webhook(ines, receiver.url)
            workers = [start_worker(receiver)]
            try:
                assert until(alive)
                storm(ines, bags, 10)
                for so_many in (15, 45):
                    receiver.wait_for(so_many, seconds=60)
                    os.kill(workers[-1].pid, signal.SIGKILL)
                    workers[-1].wait()
                    workers.append(start_worker(receiver))
                    storm(ines, bags, 2)
                assert until(all_settled, seconds=90)
            finally:
                for worker in workers:
                    worker.kill()
                    worker.wait()

        events = Event.objects.order_by("id")
        assert len(events) == 12 * 14
        arrived = defaultdict(list)
        for received in receiver.all:
            event = received.event
            code = event["data"]["scan"]["code"]
            # What came again was on its way when the worker died: nothing came between.
            if arrived[code][-1:] != [event["sequence"]]:
                arrived[code].append(event["sequence"])
        expected = defaultdict(list)
        for event in events.select_related("bag"):
            expected[event.bag.code].append(event.pk)
        assert arrived == expected
