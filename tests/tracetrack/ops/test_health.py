"""GET /api/v3/health and /healthz."""

import psutil
import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tracetrack.ops import figures

HEALTH = "/api/v3/health"


def fail(self, *args, **kwargs):
    raise OperationalError("the connection is gone")


class TestHealth:
    def test_anonymous_clients_get_the_status_only(self, db):
        answer = Client().get(HEALTH)

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("role", ["viewer", "operator", "integrator"])
    def test_users_without_permission_get_the_status_only(self, site, role):
        assert site.client(role).get(HEALTH).json() == {"status": "ok"}

    @pytest.mark.parametrize("role", ["office", "administrator"])
    def test_operators_get_figures(self, site, role):
        body = site.client(role).get(HEALTH).json()

        assert set(body) == {
            "status", "database", "pool", "queue", "cache", "webhooks", "memory", "process",
        }  # fmt: skip
        assert body["database"]["reachable"] is True
        assert 0 < body["database"]["latency_ms"] < 5000
        assert body["database"]["migrations_pending"] == 0
        assert body["pool"]["pool_size"] >= 1
        assert body["queue"]["waiting"] == 0
        assert body["cache"]["namespaces"]
        assert body["process"]["pid"] == psutil.Process().pid
        assert body["memory"]["rss_bytes"] > 10_000_000

    def test_is_503_if_the_database_is_down(self, site, monkeypatch):
        clients = [Client(), site.client("office"), site.client("integrator")]

        with monkeypatch.context() as broken:
            broken.setattr(type(connections["default"]), "cursor", fail)
            answers = [client.get(HEALTH) for client in clients]

        for answer in answers:
            assert (answer.status_code, answer.json()) == (503, {"status": "down"})

    def test_is_503_if_migrations_are_pending(self, site, monkeypatch):
        known = figures._known_migrations()
        monkeypatch.setattr(figures, "_known_migrations", lambda: known | {("bags", "0099_next")})

        answer = site.client("office").get(HEALTH)

        assert answer.status_code == 503
        assert answer.json()["status"] == "down"
        assert answer.json()["database"]["migrations_pending"] == 1

    def test_does_not_query_bags_and_scans(self, site):
        client = site.client("office")

        with CaptureQueriesContext(connection) as queries:
            client.get(HEALTH)

        assert not any("bags_" in query["sql"] for query in queries)
        assert not any("scans_" in query["sql"] for query in queries)

    def test_rejects_an_invalid_token(self, db):
        headers = {"Authorization": "Bearer tt_wrong"}

        assert Client().get(HEALTH, headers=headers).status_code == 401


class TestAlive:
    def test_makes_no_queries(self):
        # Without the django_db mark any query fails.
        answer = Client().get("/healthz")

        assert (answer.status_code, answer.content) == (200, b"ok\n")
