"""A real server whose workers are replaced, stopped and killed while people ask."""

import http.client
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.live_server import Server, run_server, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(django_db_setup: None) -> Iterator[Server]:
    with run_server(DB_POOL_BASE="2", DB_POOL_EXTRA="4") as server:
        yield server


def keep_asking(server: Server, enough: Event) -> tuple[int, list[str]]:
    """How often it was answered 200, and what went wrong besides."""
    answered, wrong = 0, []
    while not enough.is_set():
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            client.request("GET", "/login")
            status = client.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            wrong.append(repr(error))
        else:
            answered += status == 200
            wrong += [str(status)] if status != 200 else []
        finally:
            client.close()
    return answered, wrong


class TestWorkers:
    def test_that_are_replaced_leave_nobody_without_an_answer(self, server):
        before, enough = {*server.workers()}, Event()

        with ThreadPoolExecutor(4) as threads:
            asking = [threads.submit(keep_asking, server, enough) for _ in range(4)]
            os.kill(server.pid, signal.SIGHUP)
            replaced = wait_until(
                lambda: len(server.workers()) == 1 and not before & {*server.workers()}
            )
            enough.set()
            answers = [one.result() for one in asking]

        assert replaced
        assert [wrong for _, wrong in answers] == [[]] * 4
        assert all(answered for answered, _ in answers)

    def test_that_are_killed_are_replaced(self, server):
        (before,) = server.workers()

        os.kill(before, signal.SIGKILL)

        assert wait_until(lambda: bool({*server.workers()} - {before}))
        assert server.get("health")[0].status == 200

    def test_that_are_told_to_stop_finish_what_they_began(self, server):
        (worker,) = server.workers()
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        client.putrequest("POST", "/api/v3/batch/stats")
        client.putheader("Content-Type", "application/json")
        client.putheader("Content-Length", "2")
        client.endheaders()
        # Its body is awaited while the worker is told to go.
        os.kill(worker, signal.SIGTERM)
        client.send(b"{}")
        status = client.getresponse().status
        client.close()

        assert status == 401
