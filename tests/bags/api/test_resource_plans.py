"""Plans of lists of batches, recalls and idempotency keys use indexes."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import IdempotencyKey
from bags.models import Batch
from tests.api_fixtures import BATCH, LOT, run_commit_hooks, send
from tests.factories import make_bag_type
from tests.query_plans import LARGE_TABLES, full_reads, plan_of, read_queries

MANY = 2_000


def explained(text):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {text}")
        return "\n".join(line for (line,) in cursor.fetchall())


def only(queries, part):
    (text,) = [query["sql"] for query in queries if part in query["sql"]]
    return text


class TestBatchList:
    @pytest.fixture
    def many(self, site):
        named = {"bag_type": make_bag_type("mustard"), "produced_on": date(2026, 11, 1)}
        Batch.objects.bulk_create(
            Batch(code=f"MANY-{n}", product="Mustard", **named) for n in range(MANY)
        )
        with connection.cursor() as cursor:
            cursor.execute("REINDEX TABLE bags_batch; ANALYZE bags_batch")
        return site

    @pytest.mark.parametrize(
        ("order", "index"),
        [
            ("code", "batch_code_is_unique"),
            ("-code", "batch_code_is_unique"),
            ("id", "bags_batch_pkey"),
            ("-id", "bags_batch_pkey"),
        ],
    )
    def test_reads_the_index_of_its_order(self, many, order, index):
        office = many.client("office")
        path = f"/api/v3/batches?order={order}&per_page=3"

        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                path = office.get(path).json()["next"]
            plan = explained(only(queries, 'FROM "bags_batch"'))

            assert f"using {index} on bags_batch" in plan, plan
            assert "Sort" not in plan, plan


class TestRecall:
    @pytest.mark.parametrize("role", ["operator", "office"])
    def test_reads_batch_and_bags_by_index(self, site, role):
        with connection.cursor() as cursor:
            cursor.execute("REINDEX TABLE bags_bag; REINDEX TABLE scans_scan")
            cursor.execute("ANALYZE bags_bag; ANALYZE scans_scan")
            cursor.execute(
                "UPDATE pg_class SET reltuples = 4000000 WHERE relname = ANY (%s)",
                [list(LARGE_TABLES)],
            )

        with CaptureQueriesContext(connection) as queries:
            b"".join(site.client(role).get(f"/api/v3/batches/{LOT}/recall?after=1"))

        found = list(read_queries(queries))
        for text in found:
            assert list(full_reads(plan_of(text))) == [], text
        for part, index in (
            ('"bags_bag"."id" > 1', "bag_in_batch"),
            ("count(DISTINCT child.parent_id)", "bag_children"),
            ("WITH listed", "scan_of_bag"),
        ):
            texts = [text for text in found if part in text]
            assert texts, part
            for text in texts:
                assert f'"Index Name": "{index}"' in json.dumps(plan_of(text)), text


class TestIdempotencyKeys:
    def test_are_purged_by_index(self, site):
        ben = site.people["office"]
        IdempotencyKey.objects.bulk_create(
            IdempotencyKey(user=ben, key=f"old {n}", request_digest="", status=200, body=b"")
            for n in range(MANY)
        )
        old = timezone.now() - timedelta(days=9)
        IdempotencyKey.objects.filter(key__lt="old 11").update(created_at=old)
        before = IdempotencyKey.objects.filter(created_at=old).count()
        with connection.cursor() as cursor:
            cursor.execute("REINDEX TABLE accounts_idempotencykey; ANALYZE accounts_idempotencykey")

        with CaptureQueriesContext(connection) as queries:
            body = BATCH | {"code": "NEW-1"}
            headers = {"Idempotency-Key": "new"}
            answer = send(site.client("office"), "POST", "batches", body, headers=headers)
            run_commit_hooks()

        assert answer.status_code == 201
        assert 0 < IdempotencyKey.objects.filter(created_at=old).count() < before
        plan = explained(only(queries, "SKIP LOCKED"))
        assert "using idempotency_key_by_age on accounts_idempotencykey" in plan, plan
        assert "Seq Scan" not in plan, plan
