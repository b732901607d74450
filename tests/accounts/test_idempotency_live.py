"""Idempotency-Key if a worker is killed by SIGKILL during a change: the retry makes it once."""

import http.client
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.models import IdempotencyKey
from audit.models import AuditEntry
from bags.models import BagType, Batch
from tests.api_fixtures import BATCH, make_site
from tests.concurrency import has_blocked_session
from tests.live_server import create_token, run_server, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
CONNECTION_ERRORS = (OSError, http.client.HTTPException)
CLIENTS, BATCHES_PER_CLIENT, KILLS = 4, 12, 4


def create(server, token, code, key):
    """Return status, body and whether it was replayed; None if the connection broke."""
    try:
        answer, document = server.post(
            "batches", token, BATCH | {"code": code}, Idempotency_Key=key
        )
    except CONNECTION_ERRORS:
        return None
    return answer.status, document, answer.headers["Idempotency-Replayed"] == "true"


def send_until_answered(server, token, code, key):
    """Send the same request until it is neither in progress nor rate limited nor busy."""
    response = None
    for _ in range(2_000):
        response = create(server, token, code, key)
        if response and response[0] not in (409, 429, 503):
            break
    return response


def kill_workers(server):
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)


class TestKilledWorker:
    def test_before_commit_stores_neither_change_nor_response(self, uncommitted_batch):
        token = create_token(make_site().people["office"])
        with run_server() as server, ThreadPoolExecutor(1) as pool:
            with uncommitted_batch("NEW-1"):
                pending = pool.submit(create, server, token, "NEW-1", "k-1")
                assert wait_until(has_blocked_session)
                kill_workers(server)
                assert pending.result() is None
            assert not Batch.objects.filter(code="NEW-1").exists()
            assert not IdempotencyKey.objects.exists()

            status, _, replayed = send_until_answered(server, token, "NEW-1", "k-1")

        assert (status, replayed) == (201, False)
        assert Batch.objects.filter(code="NEW-1").count() == 1

    def test_after_commit_has_stored_the_response(self):
        token = create_token(make_site().people["office"])
        with run_server() as server, ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                # The deferred foreign key check at commit waits for this row.
                BagType.objects.select_for_update().get(name="mustard")
                pending = pool.submit(create, server, token, "NEW-1", "k-1")
                assert wait_until(has_blocked_session)
                kill_workers(server)
                assert pending.result() is None
            status, document, replayed = send_until_answered(server, token, "NEW-1", "k-1")

        assert (status, document["code"], replayed) == (201, "NEW-1", True)
        assert AuditEntry.objects.filter(action="batch.created").count() == 1

    def test_repeatedly_under_load_loses_and_duplicates_nothing(self):
        token = create_token(make_site().people["office"])
        codes = [
            [f"NEW-{client}-{n}" for n in range(BATCHES_PER_CLIENT)] for client in range(CLIENTS)
        ]
        results = []

        def work(server, mine):
            results.extend(
                (code, send_until_answered(server, token, code, str(uuid4()))) for code in mine
            )

        with run_server() as server, ThreadPoolExecutor(CLIENTS) as pool:
            storm = [pool.submit(work, server, mine) for mine in codes]
            for kill in range(KILLS):
                goal = (kill + 1) * CLIENTS * BATCHES_PER_CLIENT // (KILLS + 1)
                assert wait_until(lambda goal=goal: len(results) >= goal and server.workers())
                os.kill(server.workers()[0], signal.SIGKILL)
            for one in storm:
                one.result()

        # A change that is made twice would get 200 the second time.
        assert [
            (code, answer) for code, answer in results if answer is None or answer[0] != 201
        ] == []
        everything = sorted(code for mine in codes for code in mine)
        assert sorted(answer["code"] for _, (_, answer, _) in results) == everything
        subjects = AuditEntry.objects.filter(action="batch.created").values_list("subject")
        assert sorted(s.removeprefix("batch ") for (s,) in subjects) == everything
        assert IdempotencyKey.objects.count() == len(everything)
