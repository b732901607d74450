"""What is written into the outbox, and what is not."""

import json
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from bags.actions import hold_batch, release_batch
from scans.recording.bulk import record_upload
from scans.scan_request import parse_scan_request
from tests.factories import child_codes, make_batch, make_parent, make_user, scan
from tests.webhook_helpers import make_webhook
from webhooks import matching, queries
from webhooks.actions import end_webhook, pause_webhook
from webhooks.models import Delivery, Event, Webhook

URL = "https://erp.example/hook"


def entry(step, code, parent_code=None, **more):
    raw = {"ref": uuid4(), "step": step, "code": code, "parent_code": parent_code}
    return parse_scan_request(raw | {"area": "lucknow", "scanned_at": timezone.now()} | more)


def outbox():
    """Kind and code, in the order of the outbox."""
    return [
        (event.kind, event.bag.code if event.bag else event.batch.code)
        for event in Event.objects.order_by("id").select_related("bag", "batch")
    ]


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'webhooks.match'")
        return cursor.fetchone()[0]


class TestTheOutbox:
    def test_is_empty_while_nobody_listens(self, ines):
        make_parent("SB10001", 2, actor=ines)

        assert outbox() == []
        assert jobs() == 0

    @pytest.mark.parametrize("stop", [pause_webhook, end_webhook])
    def test_stays_empty_when_nobody_listens_any_more(self, ines, stop):
        webhook = make_webhook(ines, URL)
        stop(webhook=webhook, **{"why": "x"} if stop is pause_webhook else {"actor": ines})

        make_parent("SB10001", 2, actor=ines)

        assert outbox() == []

    def test_holds_what_somebody_wants_and_no_more(self, ines):
        make_webhook(ines, URL, events=["parent.dispatched"])
        make_parent("SB10001", 1, actor=ines)
        scan(ines, "complete", "SB10001")

        scan(ines, "dispatch", "SB10001", area="indore")

        assert outbox() == [("parent.dispatched", "SB10001")]
        assert jobs() == 1

    def test_tells_the_way_of_a_sack(self, ines):
        make_webhook(ines, URL)
        child = child_codes("SB10001", 1)[0]

        scan(ines, "link", child, "SB10001")
        scan(ines, "complete", "SB10001")
        scan(ines, "dispatch", "SB10001", area="indore")
        scan(ines, "receive", "SB10001", area="indore")

        assert outbox() == [
            ("scan.recorded", child), ("scan.recorded", "SB10001"), ("scan.recorded", child),
            ("parent.completed", "SB10001"), ("scan.recorded", "SB10001"),
            ("scan.recorded", "SB10001"), ("parent.dispatched", "SB10001"),
            ("scan.recorded", "SB10001"), ("parent.received", "SB10001"),
        ]  # fmt: skip

    def test_tells_of_a_sack_that_is_full(self, ines):
        make_webhook(ines, URL, events=["parent.completed"])

        make_parent("M444-00001", 15, actor=ines)

        assert outbox() == [("parent.completed", "M444-00001")]
        assert Event.objects.get().facts["count"] == 15

    def test_tells_nothing_twice_of_what_was_there_already(self, ines):
        make_parent("SB10001", 1, actor=ines)
        scan(ines, "complete", "SB10001")
        make_webhook(ines, URL)

        scan(ines, "complete", "SB10001")

        assert outbox() == [("scan.recorded", "SB10001")]

    def test_forgets_what_was_rolled_back(self, ines):
        make_webhook(ines, URL)

        with transaction.atomic():
            make_parent("SB10001", 2, actor=ines)
            assert outbox()
            assert jobs()
            transaction.set_rollback(True)

        assert outbox() == []
        assert jobs() == 0

    def test_tells_of_holds_and_releases(self, ines):
        ben = make_user("ben", "office")
        make_batch("LOT-1")
        make_webhook(ines, URL)

        hold_batch(actor=ben, code="LOT-1", reason="damp")
        hold_batch(actor=ben, code="LOT-1", reason="damp again")
        release_batch(actor=ben, code="LOT-1")

        assert outbox() == [("batch.held", "LOT-1"), ("batch.released", "LOT-1")]
        assert [event.facts["reason"] for event in Event.objects.order_by("id")] == ["damp", "damp"]
        assert {event.facts["held_by"] for event in Event.objects.all()} == {"ben"}


class TestTheQueue:
    @pytest.fixture(autouse=True)
    def empty(self, db):
        """The queue's tables are not among those that Django empties after a test that commits."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_events; DELETE FROM procrastinate_jobs")

    def lanes(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id",
                ["webhooks.deliver"],
            )
            return [json.loads(args)["lane"] for (args,) in cursor.fetchall()]

    def test_has_one_job_for_every_lane_in_which_something_is_due(self, ines):
        make_webhook(ines, URL)
        first = scan(ines, "register", "SB10001").bag.pk
        second = scan(ines, "register", "SB10002").bag.pk

        matching.match()
        queries.wake()
        queries.wake()

        assert sorted(self.lanes()) == sorted({first % queries.LANES, second % queries.LANES})

    def test_has_none_for_a_webhook_that_rests(self, ines):
        make_webhook(ines, URL)
        Webhook.objects.update(rests_until=timezone.now() + timedelta(minutes=1))
        scan(ines, "register", "SB10001")

        matching.match()

        assert self.lanes() == []


class TestAMatching:
    def test_leaves_the_outbox_to_whoever_is_at_it(self, ines):
        make_webhook(ines, URL)
        scan(ines, "register", "SB10001")
        other = psycopg.connect(**connection.get_connection_params())
        with other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [matching.ONE_AT_A_TIME])
            assert matching.match() == 0
        other.close()

        assert matching.match() == 1
        assert matching.match() == 0

    def test_goes_on_until_nothing_is_left(self, ines, monkeypatch):
        monkeypatch.setattr(matching, "CHUNK", 2)
        make_webhook(ines, URL)
        make_parent("SB10001", 4, actor=ines)

        # Each child is registered, then linked.
        assert matching.match() == 9
        assert [d.event_id for d in Delivery.objects.order_by("id")] == [
            e.pk for e in Event.objects.order_by("id")
        ]


class TestAnUpload:
    def upload(self, actor, *entries):
        return record_upload(entries, actor=actor, areas=None, now=timezone.now(), whole=True)

    def test_tells_what_single_scans_would_have_told(self, ines):
        make_webhook(ines, URL)
        steps = [
            entry("link", child_codes("SB10001", 1)[0], "SB10001"),
            entry("complete", "SB10001"),
            entry("dispatch", "SB10001", area="indore"),
            entry("receive", "SB10001", area="indore"),
        ]
        self.upload(ines, *steps)
        together = sorted(outbox())
        first = [kind for kind, code in outbox() if code == "SB10001"]

        for step in ("link", "complete", "dispatch", "receive"):
            parent = "SB10002" if step == "link" else None
            code = child_codes("SB10002", 1)[0] if step == "link" else "SB10002"
            scan(ines, step, code, parent, area="lucknow" if step == "link" else "indore")

        alone = [
            (kind, code)
            for kind, code in outbox()
            if code not in dict.fromkeys(code for _, code in together)
        ]
        assert sorted(kind for kind, _ in alone) == sorted(kind for kind, _ in together)
        assert first.index("parent.completed") < first.index("parent.dispatched")

    def test_tells_of_a_sack_that_was_completed_and_opened_and_completed_again(self, ines):
        make_webhook(ines, URL, events=["parent.completed"])

        self.upload(
            ines,
            entry("link", child_codes("SB10001", 1)[0], "SB10001"),
            entry("complete", "SB10001"),
            entry("reopen", "SB10001"),
            entry("complete", "SB10001"),
        )

        assert outbox() == [("parent.completed", "SB10001")] * 2

    @pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
    def test_tells_once_of_a_sack_that_is_full(self, ines, known):
        if known:
            make_parent("M444-00001", actor=ines)
        make_webhook(ines, URL, events=["parent.completed"])

        self.upload(ines, *(entry("link", c, "M444-00001") for c in child_codes("M444-00001", 15)))

        assert outbox() == [("parent.completed", "M444-00001")]
        assert Event.objects.get().facts["count"] == 15

    def test_tells_nothing_new_of_a_sack_that_was_complete_before(self, ines):
        make_parent("SB10001", 1, actor=ines)
        scan(ines, "complete", "SB10001")
        make_webhook(ines, URL, events=["parent.completed"])

        self.upload(ines, entry("dispatch", "SB10001", area="indore"))

        assert outbox() == []
