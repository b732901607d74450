"""The worker as a process: woken promptly, killed at any time, stopped in good order."""

import os
import signal
from collections import defaultdict
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from scans.recording.bulk import record_upload
from scans.scan_request import parse_scan_request
from tests.factories import create_reference_data, make_parent, make_user, scan
from tests.live_server import wait_until
from tests.webhook_helpers import make_webhook
from tests.webhook_receiver import run_receiver, run_worker, start_worker
from webhooks.models import Delivery, Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def ines(empty_queue):
    create_reference_data()
    return make_user("ines", "integrator")


def is_worker_running():
    """Return whether a worker has enqueued the first of its periodic jobs."""
    return count_rows("procrastinate_periodic_defers") > 0


def count_rows(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def is_everything_sent():
    waiting = Delivery.objects.filter(state="waiting").exists()
    return not waiting and not Event.objects.unmatched().exists()


def record_scans(actor, bags, rounds):
    """Scan every bag once a round, each round in one bulk request."""
    for _ in range(rounds):
        rows = [
            parse_scan_request(
                {"ref": uuid4(), "step": "inspect", "code": code, "area": "lucknow"}
                | {"scanned_at": timezone.now()}
            )
            for code in bags
        ]
        record_upload(rows, actor=actor, areas=None, now=timezone.now(), whole=True)


def sequences_by_bag():
    """Return the event ids of each bag in ascending order."""
    expected = defaultdict(list)
    for event in Event.objects.order_by("id").select_related("bag"):
        expected[event.bag.code].append(event.pk)
    return expected


def received_by_bag(receiver):
    """Return the event ids of each bag in the order of arrival.

    An event that arrives twice in a row counts once: the worker died while it was sending it.
    """
    arrived = defaultdict(list)
    for request in receiver.requests:
        event = request.event
        code = event["data"]["scan"]["code"]
        if arrived[code][-1:] != [event["sequence"]]:
            arrived[code].append(event["sequence"])
    return arrived


class TestWorker:
    def test_delivers_promptly(self, ines, receiver):
        make_webhook(ines, receiver.url)

        with run_worker(receiver):
            assert wait_until(is_worker_running)
            scan(ines, "register", "SB10001")
            (request,) = receiver.wait_for(1)

        assert request.event["data"]["scan"]["code"] == "SB10001"

    def test_shuts_down_on_sigterm(self, ines, receiver):
        make_webhook(ines, receiver.url)

        with run_worker(receiver) as worker:
            assert wait_until(is_worker_running)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0

        assert count_rows("procrastinate_workers") == 0

    def test_sigkill_loses_nothing_and_keeps_order(self, ines):
        bags = [f"SB{20000 + number}" for number in range(12)]
        for code in bags:
            make_parent(code, actor=ines)
        with run_receiver() as receiver:
            make_webhook(ines, receiver.url)
            workers = [start_worker(receiver)]
            try:
                assert wait_until(is_worker_running)
                record_scans(ines, bags, 10)
                for count in (15, 45):
                    receiver.wait_for(count, seconds=60)
                    os.kill(workers[-1].pid, signal.SIGKILL)
                    workers[-1].wait()
                    workers.append(start_worker(receiver))
                    record_scans(ines, bags, 2)
                assert wait_until(is_everything_sent, seconds=150)
            finally:
                for worker in workers:
                    worker.kill()
                    worker.wait()

        assert Event.objects.count() == 12 * 14
        assert received_by_bag(receiver) == sequences_by_bag()

    def test_two_workers_share_work(self, ines, receiver):
        bags = [f"SB{20000 + number}" for number in range(12)]
        for code in bags:
            make_parent(code, actor=ines)
        make_webhook(ines, receiver.url)

        with run_worker(receiver), run_worker(receiver):
            assert wait_until(lambda: count_rows("procrastinate_workers") == 2)
            record_scans(ines, bags, 10)
            assert wait_until(is_everything_sent, seconds=150)

        assert len(receiver.requests) == 12 * 10
        assert received_by_bag(receiver) == sequences_by_bag()
