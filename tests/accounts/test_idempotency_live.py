"""A worker dies by kill -9 in the middle of a change; who sends again with the key gets it once."""

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
from tests.live_server import create_token, run_server, wait_until
from tests.tracetrack.api.test_idempotency import another_new_batch, somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)
BROKEN = (OSError, http.client.HTTPException)
CLIENTS, EACH, KILLS = 4, 12, 4


def create(server, token, code, key):
    """Status, body and whether it was replayed, of one try; None where the connection broke."""
    try:
        answer, told = server.post("batches", token, BATCH | {"code": code}, Idempotency_Key=key)
    except BROKEN:
        return None
    return answer.status, told, answer.headers["Idempotency-Replayed"] == "true"


def insist(server, token, code, key):
    """What somebody gets who sends the same until it is answered."""
    told = None
    for _ in range(2_000):
        told = create(server, token, code, key)
        if told and told[0] not in (409, 429, 503):
            break
    return told


def kill_workers(server):
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)


class TestAWorkerThatIsKilled:
    def test_before_it_commits_leaves_nothing_and_the_key_as_good_as_new(self):
        token = create_token(make_site().people["office"])
        with run_server() as server, ThreadPoolExecutor(1) as pool:
            with another_new_batch():
                told = pool.submit(create, server, token, "NEW-1", "k-1")
                assert wait_until(somebody_waits)
                kill_workers(server)
                assert told.result() is None
            assert not Batch.objects.filter(code="NEW-1").exists()
            assert not IdempotencyKey.objects.exists()

            status, _, replayed = insist(server, token, "NEW-1", "k-1")

        assert (status, replayed) == (201, False)
        assert Batch.objects.filter(code="NEW-1").count() == 1

    def test_after_it_commits_has_left_the_answer(self):
        token = create_token(make_site().people["office"])
        with run_server() as server, ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                # That there is such a type is looked after when the worker commits.
                BagType.objects.select_for_update().get(name="mustard")
                told = pool.submit(create, server, token, "NEW-1", "k-1")
                assert wait_until(somebody_waits)
                kill_workers(server)
                assert told.result() is None
            status, told, replayed = insist(server, token, "NEW-1", "k-1")

        assert (status, told["code"], replayed) == (201, "NEW-1", True)
        assert AuditEntry.objects.filter(action="batch.created").count() == 1

    def test_again_and_again_in_a_storm_loses_nothing_and_does_nothing_twice(self):
        token = create_token(make_site().people["office"])
        codes = [[f"NEW-{client}-{n}" for n in range(EACH)] for client in range(CLIENTS)]
        told = []

        def work(server, mine):
            told.extend((code, insist(server, token, code, str(uuid4()))) for code in mine)

        with run_server() as server, ThreadPoolExecutor(CLIENTS) as pool:
            storm = [pool.submit(work, server, mine) for mine in codes]
            for kill in range(KILLS):
                goal = (kill + 1) * CLIENTS * EACH // (KILLS + 1)
                assert wait_until(lambda goal=goal: len(told) >= goal and server.workers())
                os.kill(server.workers()[0], signal.SIGKILL)
            for one in storm:
                one.result()

        # Were something done twice, the second would have found it there and answered 200.
        assert [(code, answer) for code, answer in told if answer is None or answer[0] != 201] == []
        everything = sorted(code for mine in codes for code in mine)
        assert sorted(answer["code"] for _, (_, answer, _) in told) == everything
        subjects = AuditEntry.objects.filter(action="batch.created").values_list("subject")
        assert sorted(s.removeprefix("batch ") for (s,) in subjects) == everything
        assert IdempotencyKey.objects.count() == len(everything)
