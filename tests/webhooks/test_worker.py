"""The worker as a process: woken within a moment, killed at any time, stopped in good order."""

import os
import signal
from collections import defaultdict
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from scans.recording.bulk import record_upload
from scans.scan_request import parse_scan_request
from tests.factories import make_parent, make_user, reference, scan
from tests.live_server import until
from tests.webhook_helpers import make_webhook
from tests.webhook_receiver import receiving, start_worker, working
from webhooks.models import Delivery, Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


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
            parse_scan_request(
                {"ref": uuid4(), "step": "inspect", "code": code, "area": "lucknow"}
                | {"scanned_at": timezone.now()}
            )
            for code in bags
        ]
        record_upload(rows, actor=actor, areas=None, now=timezone.now(), whole=True)


def as_they_happened():
    """The numbers of each bag's events, in their order."""
    expected = defaultdict(list)
    for event in Event.objects.order_by("id").select_related("bag"):
        expected[event.bag.code].append(event.pk)
    return expected


def as_they_arrived(receiver):
    """The same as the receiver saw it; what came again at once counts once.

    It was on its way when the worker died: nothing of that bag came between.
    """
    arrived = defaultdict(list)
    for received in receiver.all:
        event = received.event
        code = event["data"]["scan"]["code"]
        if arrived[code][-1:] != [event["sequence"]]:
            arrived[code].append(event["sequence"])
    return arrived


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
                assert until(all_settled, seconds=150)
            finally:
                for worker in workers:
                    worker.kill()
                    worker.wait()

        assert Event.objects.count() == 12 * 14
        assert as_they_arrived(receiver) == as_they_happened()

    def test_shares_the_work_with_another(self, ines, receiver):
        bags = [f"SB{20000 + number}" for number in range(12)]
        for code in bags:
            make_parent(code, actor=ines)
        make_webhook(ines, receiver.url)

        with working(receiver), working(receiver):
            assert until(lambda: rows("procrastinate_workers") == 2)
            storm(ines, bags, 10)
            assert until(all_settled, seconds=150)

        assert len(receiver.all) == 12 * 10
        assert as_they_arrived(receiver) == as_they_happened()
