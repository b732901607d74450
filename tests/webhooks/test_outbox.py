"""The outbox triggers: which changes add which events."""

from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from bags.actions import hold_batch, release_batch
from scans.recording.bulk import record_upload
from scans.scan_request import parse_scan_request
from tests.factories import child_codes, make_batch, make_parent, make_user, scan
from tests.webhook_helpers import make_webhook
from webhooks.actions import end_webhook, pause_webhook
from webhooks.models import Event

URL = "https://erp.example/hook"


def entry(step, code, parent_code=None, **more):
    raw = {"ref": uuid4(), "step": step, "code": code, "parent_code": parent_code}
    return parse_scan_request(raw | {"area": "lucknow", "scanned_at": timezone.now()} | more)


def outbox():
    """Return (kind, code) of all events in the order of their ids."""
    return [
        (event.kind, event.bag.code if event.bag else event.batch.code)
        for event in Event.objects.order_by("id").select_related("bag", "batch")
    ]


def count_match_jobs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'webhooks.match'")
        return cursor.fetchone()[0]


class TestOutbox:
    def test_is_empty_without_webhooks(self, ines):
        make_parent("SB10001", 2, actor=ines)

        assert outbox() == []
        assert count_match_jobs() == 0

    @pytest.mark.parametrize("stop", [pause_webhook, end_webhook])
    def test_is_empty_without_active_webhooks(self, ines, stop):
        webhook = make_webhook(ines, URL)
        stop(webhook=webhook, **{"why": "x"} if stop is pause_webhook else {"actor": ines})

        make_parent("SB10001", 2, actor=ines)

        assert outbox() == []

    def test_contains_only_subscribed_events(self, ines):
        make_webhook(ines, URL, events=["parent.dispatched"])
        make_parent("SB10001", 1, actor=ines)
        scan(ines, "complete", "SB10001")

        scan(ines, "dispatch", "SB10001", area="indore")

        assert outbox() == [("parent.dispatched", "SB10001")]
        assert count_match_jobs() == 1

    def test_contains_all_events_of_parent_bag(self, ines):
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

    def test_contains_completion_by_capacity(self, ines):
        make_webhook(ines, URL, events=["parent.completed"])

        make_parent("M444-00001", 15, actor=ines)

        assert outbox() == [("parent.completed", "M444-00001")]
        assert Event.objects.get().snapshot["count"] == 15

    def test_repeated_complete_adds_no_completion(self, ines):
        make_parent("SB10001", 1, actor=ines)
        scan(ines, "complete", "SB10001")
        make_webhook(ines, URL)

        scan(ines, "complete", "SB10001")

        assert outbox() == [("scan.recorded", "SB10001")]

    def test_is_empty_after_rollback(self, ines):
        make_webhook(ines, URL)

        with transaction.atomic():
            make_parent("SB10001", 2, actor=ines)
            assert outbox()
            assert count_match_jobs()
            transaction.set_rollback(True)

        assert outbox() == []
        assert count_match_jobs() == 0

    def test_contains_holds_and_releases(self, ines):
        ben = make_user("ben", "office")
        make_batch("LOT-1")
        make_webhook(ines, URL)

        hold_batch(actor=ben, code="LOT-1", reason="damp")
        hold_batch(actor=ben, code="LOT-1", reason="damp again")
        release_batch(actor=ben, code="LOT-1")

        assert outbox() == [("batch.held", "LOT-1"), ("batch.released", "LOT-1")]
        assert [event.snapshot["reason"] for event in Event.objects.order_by("id")] == [
            "damp",
            "damp",
        ]
        assert {event.snapshot["held_by"] for event in Event.objects.all()} == {"ben"}


class TestBulkRecording:
    def record(self, actor, *entries):
        return record_upload(entries, actor=actor, areas=None, now=timezone.now(), whole=True)

    def test_adds_same_events_as_single_scans(self, ines):
        make_webhook(ines, URL)
        steps = [
            entry("link", child_codes("SB10001", 1)[0], "SB10001"),
            entry("complete", "SB10001"),
            entry("dispatch", "SB10001", area="indore"),
            entry("receive", "SB10001", area="indore"),
        ]
        self.record(ines, *steps)
        bulk = sorted(outbox())
        kinds = [kind for kind, code in outbox() if code == "SB10001"]

        for step in ("link", "complete", "dispatch", "receive"):
            parent = "SB10002" if step == "link" else None
            code = child_codes("SB10002", 1)[0] if step == "link" else "SB10002"
            scan(ines, step, code, parent, area="lucknow" if step == "link" else "indore")

        single = [
            (kind, code)
            for kind, code in outbox()
            if code not in dict.fromkeys(code for _, code in bulk)
        ]
        assert sorted(kind for kind, _ in single) == sorted(kind for kind, _ in bulk)
        assert kinds.index("parent.completed") < kinds.index("parent.dispatched")

    def test_adds_each_of_two_completions(self, ines):
        make_webhook(ines, URL, events=["parent.completed"])

        self.record(
            ines,
            entry("link", child_codes("SB10001", 1)[0], "SB10001"),
            entry("complete", "SB10001"),
            entry("reopen", "SB10001"),
            entry("complete", "SB10001"),
        )

        assert outbox() == [("parent.completed", "SB10001")] * 2

    @pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
    def test_adds_one_completion_by_capacity(self, ines, known):
        if known:
            make_parent("M444-00001", actor=ines)
        make_webhook(ines, URL, events=["parent.completed"])

        self.record(ines, *(entry("link", c, "M444-00001") for c in child_codes("M444-00001", 15)))

        assert outbox() == [("parent.completed", "M444-00001")]
        assert Event.objects.get().snapshot["count"] == 15

    def test_adds_no_completion_of_complete_parent(self, ines):
        make_parent("SB10001", 1, actor=ines)
        scan(ines, "complete", "SB10001")
        make_webhook(ines, URL, events=["parent.completed"])

        self.record(ines, entry("dispatch", "SB10001", area="indore"))

        assert outbox() == []
