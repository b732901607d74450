"""GET /api/v3/health and /healthz."""

import psutil
import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tracetrack.ops import figures

HEALTH = "/api/v3/health"


def gone(self, *args, **kwargs):
    raise OperationalError("the connection is gone")


class TestHealth:
    def test_is_one_word_for_strangers(self, db):
        answer = Client().get(HEALTH)

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("role", ["viewer", "operator", "integrator"])
    def test_is_one_word_for_who_does_not_run_the_system(self, site, role):
        assert site.client(role).get(HEALTH).json() == {"status": "ok"}

    @pytest.mark.parametrize("role", ["office", "administrator"])
    def test_is_measured_figures_for_who_does(self, site, role):
        told = site.client(role).get(HEALTH).json()

        assert set(told) == {
            "status", "database", "pool", "queue", "cache", "webhooks", "memory", "process",
        }  # fmt: skip
        assert told["database"]["reachable"] is True
        assert 0 < told["database"]["latency_ms"] < 5000
        assert told["database"]["migrations_pending"] == 0
        assert told["pool"]["pool_size"] >= 1
        assert told["queue"]["waiting"] == 0
        assert told["cache"]["namespaces"]
        assert told["process"]["pid"] == psutil.Process().pid
        assert told["memory"]["rss_bytes"] > 10_000_000

    def test_is_503_when_the_database_is_gone(self, site, monkeypatch):
        clients = [Client(), site.client("office"), site.client("integrator")]

        with monkeypatch.context() as broken:
            broken.setattr(type(connections["default"]), "cursor", gone)
            answers = [client.get(HEALTH) for client in clients]

        for answer in answers:
            assert (answer.status_code, answer.json()) == (503, {"status": "down"})

    def test_is_503_while_migrations_are_pending(self, site, monkeypatch):
        known = figures._known_migrations()
        monkeypatch.setattr(figures, "_known_migrations", lambda: known | {("bags", "0099_next")})

        answer = site.client("office").get(HEALTH)

        assert answer.status_code == 503
        assert answer.json()["status"] == "down"
        assert answer.json()["database"]["migrations_pending"] == 1

    def test_counts_no_bags_and_no_scans(self, site):
        client = site.client("office")

        with CaptureQueriesContext(connection) as queries:
            client.get(HEALTH)

        assert not any("bags_" in query["sql"] for query in queries)
        assert not any("scans_" in query["sql"] for query in queries)

    def test_refuses_a_token_that_is_no_good(self, db):
        headers = {"Authorization": "Bearer tt_wrong"}

        assert Client().get(HEALTH, headers=headers).status_code == 401


class TestAlive:
    def test_asks_nobody(self):
        # Without the mark for the database every query would fail here.
        answer = Client().get("/healthz")

        assert (answer.status_code, answer.content) == (200, b"ok\n")
