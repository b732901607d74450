"""Limits over several processes and real sockets."""

import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from accounts.tokens import issue_token
from tests.factories import create_reference_data, make_user
from tests.live_server import run_server

# A window of a day, so that none ends during the test; and a long timeout of Redis for a busy
# machine.
RATES = "read=50/1d,dashboard=50/1d,anonymous=20/1d"
TWO = {"WORKERS": "2", "RATE_LIMITS": RATES, "REDIS_SECONDS": "10"}


@pytest.fixture
def token(transactional_db):
    create_reference_data()
    return issue_token(make_user("ines", "integrator"), "test")


def ask(server, path, times, **headers):
    client = HTTPConnection("127.0.0.1", server.port, timeout=30)
    statuses = []
    for _ in range(times):
        client.request("GET", f"/api/v3/{path}", headers=headers)
        answer = client.getresponse()
        answer.read()
        statuses.append(answer.status)
    client.close()
    return statuses


def storm(server, path, each, **headers):
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(ask, server, path, each, **headers) for _ in range(8)]
        return Counter(status for future in futures for status in future.result())


class TestSeveralProcesses:
    def test_share_one_limit_exactly(self, token, redis_url):
        bearer = {"Authorization": f"Bearer {token}"}
        with run_server(REDIS_URL=redis_url, **TWO) as server:
            assert storm(server, "areas", 12, **bearer) == {200: 50, 429: 46}
            assert storm(server, "dashboard/ultra", 12, **bearer) == {200: 50, 429: 46}

    def test_ignore_forged_addresses(self, token, redis_url):
        with run_server(REDIS_URL=redis_url, **TWO) as server:
            counts = Counter()
            for number in range(30):
                forged = {"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.0.0.{number}"}
                counts.update(ask(server, "areas", 1, **forged, Forwarded=f"for=10.0.0.{number}"))

        assert counts == {401: 20, 429: 10}


class TestEndlessBody:
    def test_is_rejected_before_it_is_read(self, token):
        head = (
            "POST /api/v3/scans HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        with (
            run_server() as server,
            socket.create_connection(("127.0.0.1", server.port), 30) as peer,
        ):
            peer.sendall(head.encode() + b"1000\r\n" + b" " * 4096 + b"\r\n")
            answer = peer.recv(65536)

        assert answer.startswith(b"HTTP/1.1 411 ")
        assert b"application/problem+json" in answer
