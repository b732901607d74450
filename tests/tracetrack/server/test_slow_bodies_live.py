"""Request bodies that arrive slowly or are too large do not delay other requests."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.api_fixtures import scan_body
from tests.factories import create_reference_data, make_user
from tests.live_server import Server, create_token, run_server

pytestmark = pytest.mark.django_db(transaction=True)
# More slow bodies than threads, database connections and concurrent readers of bodies.
SLOW, THREADS = 24, 16
PATHS = ["scans", "scans/bulk", "batches", "graphql"]


@pytest.fixture
def server(db: None) -> Iterator[Server]:
    create_reference_data()
    pool = {"DB_POOL_BASE": "2", "DB_POOL_EXTRA": "0", "DB_POOL_WAITING": "100"}
    with run_server(THREADS=str(THREADS), **pool) as server:
        yield server


@pytest.fixture
def token(server: Server) -> str:
    return create_token(make_user("ben", "office"))


def start_request(server: Server, token: str, path: str, length: int) -> socket.socket:
    """Send the head of a request and the first byte of its body; return the socket."""
    head = (
        f"POST /api/v3/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n["
    )
    sent = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    sent.sendall(head.encode())
    return sent


def read_response(sent: socket.socket) -> tuple[int, dict[str, object]]:
    with sent, sent.makefile("rb") as read:
        status = int(read.readline().split()[1])
        length = 0
        while (line := read.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return status, json.loads(read.read(length))


class TestSlowBodies:
    def test_do_not_delay_others_and_time_out(self, server, token):
        with ExitStack() as stack:
            slow = [start_request(server, token, "scans", 4_000_000) for _ in range(SLOW)]
            for sent in slow:
                stack.enter_context(sent)

            statuses = [server.get("bags", token)[0].status for _ in range(5)]
            answer, _ = server.post("scans", token, scan_body("register", "SB10001"))
            responses = [read_response(sent) for sent in slow]

        assert statuses == [200] * 5
        assert answer.status == 201
        results = {(status, document["code"]) for status, document in responses}
        assert results == {(503, "busy"), (408, "body-too-slow")}

    def test_that_are_too_large_are_rejected_by_their_content_length(self, server, token):
        for path in PATHS:
            status, document = read_response(start_request(server, token, path, 99_999_999_999))

            assert (status, document["code"]) == (413, "too-large"), path
