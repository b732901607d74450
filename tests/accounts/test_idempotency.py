"""Idempotency-Key: a repeated request is not executed again and gets the first response."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from accounts import idempotency
from accounts.models import IdempotencyKey
from audit.models import AuditEntry
from bags.models import Area, Batch
from tests.api_fixtures import BATCH, LOT, make_site, post, send
from tests.concurrency import has_blocked_session, run_concurrently
from tests.live_server import wait_until
from tests.problem_assertions import assert_problem

NEW = BATCH | {"code": "NEW-1"}


@pytest.fixture
def site(db):
    return make_site()


@pytest.fixture
def office(site):
    return site.client("office")


def send_with_key(client, body, key="k-1", *, path="batches", method="POST"):
    return send(client, method, path, body, headers={"Idempotency-Key": key})


class TestKey:
    def test_repeats_the_first_response(self, office):
        first = send_with_key(office, NEW)
        send(office, "PATCH", "batches/NEW-1", {"notes": "changed"})
        again = send_with_key(office, dict(reversed(NEW.items())))

        assert "Idempotency-Replayed" not in first
        assert again["Idempotency-Replayed"] == "true"
        assert (again.status_code, again.content) == (201, first.content)
        assert (again["ETag"], again["Location"]) == (first["ETag"], first["Location"])
        assert Batch.objects.get(code="NEW-1").notes == "changed"
        assert AuditEntry.objects.filter(action="batch.created").count() == 1

    def test_with_another_body_is_refused(self, office):
        send_with_key(office, NEW)

        document = assert_problem(
            send_with_key(office, NEW | {"planned_bags": 7}), 422, "key-reused"
        )

        assert document["facts"]["at"]
        assert Batch.objects.get(code="NEW-1").planned_bags == 0

    def test_with_another_path_is_refused(self, office):
        send_with_key(office, {}, path=f"batches/{LOT}/close")

        assert_problem(send_with_key(office, {}, path=f"batches/{LOT}/release"), 422, "key-reused")

    def test_of_another_user_is_independent(self, site, office):
        send_with_key(office, NEW)

        other = send_with_key(site.client("administrator"), NEW | {"code": "NEW-2"})

        assert (other.status_code, other.json()["code"]) == (201, "NEW-2")

    def test_can_be_used_again_after_an_error(self, office):
        error = send_with_key(office, NEW | {"bag_type": "jute"})
        done = send_with_key(office, NEW)

        assert_problem(error, 404, "bag-type-unknown")
        assert done.status_code == 201
        assert "Idempotency-Replayed" not in done

    def test_expires_after_a_day(self, office):
        send_with_key(office, NEW)
        IdempotencyKey.objects.update(
            created_at=timezone.now() - idempotency.KEEP_RESPONSES_FOR - timedelta(seconds=1)
        )

        done = send_with_key(office, NEW | {"code": "NEW-2"})

        assert (done.status_code, done.json()["code"]) == (201, "NEW-2")
        assert IdempotencyKey.objects.count() == 1

    def test_works_together_with_if_match(self, office):
        etag = office.get(f"/api/v3/batches/{LOT}")["ETag"]
        headers = {"Idempotency-Key": "k-2", "If-Match": etag}

        first = send(office, "PATCH", f"batches/{LOT}", {"notes": "x"}, headers=headers)
        again = send(office, "PATCH", f"batches/{LOT}", {"notes": "x"}, headers=headers)

        assert (first.status_code, again.status_code) == (200, 200)
        assert again.content == first.content

    @pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "k\N{SNOWMAN}", "k\x7f"])
    def test_contains_visible_ascii_only(self, office, key):
        document = assert_problem(send_with_key(office, NEW, key), 400, "bad-field")

        assert document["facts"]["field"] == "Idempotency-Key"
        assert not IdempotencyKey.objects.exists()

    def test_accepts_bodies_with_any_json(self, office):
        for n, value in enumerate([10**400, 1e308, "\N{SNOWMAN}", [[1]], None, True]):
            answer = send_with_key(office, NEW | {"notes": value}, f"k-{n}")
            assert answer.status_code in (200, 201, 400)

    def test_purges_expired_responses(self, site, office):
        old = timezone.now() - timedelta(days=2)
        rows = [
            IdempotencyKey(
                user=site.people["office"], key=f"old-{n}", request_digest="", status=200, body=b""
            )
            for n in range(25)
        ]
        IdempotencyKey.objects.bulk_create(rows)
        IdempotencyKey.objects.update(created_at=old)

        for n in range(3):
            send_with_key(office, NEW | {"code": f"NEW-{n}"}, f"k-{n}")

        assert sorted(IdempotencyKey.objects.values_list("key", flat=True)) == ["k-0", "k-1", "k-2"]


@pytest.mark.django_db(transaction=True)
class TestConcurrentRequests:
    def test_with_one_key_are_executed_once(self):
        site = make_site()
        clients = [site.client("office") for _ in range(6)]

        answers = run_concurrently([lambda c=c: send_with_key(c, NEW) for c in clients])

        done = [a for a in answers if a.status_code == 201 and "Idempotency-Replayed" not in a]
        assert len(done) == 1
        for answer in answers:
            if answer.status_code == 409:
                assert_problem(answer, 409, "under-way")
                assert answer["Retry-After"] == "1"
            else:
                assert answer.content == done[0].content
        assert AuditEntry.objects.filter(action="batch.created").count() == 1

    def test_do_not_wait_for_each_other(self, uncommitted_batch):
        site = make_site()
        first, second = site.client("office"), site.client("office")
        answers = []
        thread = Thread(target=post_in_thread, args=(answers, first))

        with uncommitted_batch("NEW-1"):
            thread.start()
            assert wait_until(has_blocked_session)
            assert_problem(send_with_key(second, NEW), 409, "under-way")
        thread.join()

        assert [a.status_code for a in answers] == [201]
        assert send_with_key(second, NEW)["Idempotency-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
class TestConcurrentChanges:
    def test_with_the_same_if_match_succeed_once(self):
        site = make_site()
        clients = [site.client("administrator") for _ in range(4)]
        etag = clients[0].get("/api/v3/areas/lucknow")["ETag"]

        answers = run_concurrently(
            [
                lambda c=c, n=n: send(
                    c, "PATCH", "areas/lucknow", {"name": f"name {n}"}, headers={"If-Match": etag}
                )
                for n, c in enumerate(clients)
            ]
        )

        won = [answer for answer in answers if answer.status_code == 200]
        assert [answer.status_code for answer in answers].count(412) == 3
        assert Area.objects.get(code="lucknow").name == won[0].json()["name"]


def post_in_thread(answers, client):
    try:
        answers.append(post(client, "batches", NEW, headers={"Idempotency-Key": "k-1"}))
    finally:
        connection.close()
