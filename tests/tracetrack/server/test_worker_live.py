"""Workers that are replaced, stopped or killed while the server gets requests."""

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


def send_requests(server: Server, stop: Event) -> tuple[int, list[str]]:
    """Send requests until `stop` is set; return the number of 200 responses, and the errors."""
    successes, errors = 0, []
    while not stop.is_set():
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            client.request("GET", "/login")
            status = client.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            errors.append(repr(error))
        else:
            successes += status == 200
            errors += [str(status)] if status != 200 else []
        finally:
            client.close()
    return successes, errors


class TestWorkers:
    def test_that_are_replaced_cause_no_errors(self, server):
        before, stop = {*server.workers()}, Event()

        with ThreadPoolExecutor(4) as threads:
            futures = [threads.submit(send_requests, server, stop) for _ in range(4)]
            os.kill(server.pid, signal.SIGHUP)
            replaced = wait_until(
                lambda: len(server.workers()) == 1 and not before & {*server.workers()}
            )
            stop.set()
            results = [future.result() for future in futures]

        assert replaced
        assert [errors for _, errors in results] == [[]] * 4
        assert all(successes for successes, _ in results)

    def test_that_are_killed_are_replaced(self, server):
        (before,) = server.workers()

        os.kill(before, signal.SIGKILL)

        assert wait_until(lambda: bool({*server.workers()} - {before}))
        assert server.get("health")[0].status == 200

    def test_that_are_stopped_finish_their_requests(self, server):
        (worker,) = server.workers()
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        client.putrequest("POST", "/api/v3/batch/stats")
        client.putheader("Content-Type", "application/json")
        client.putheader("Content-Length", "2")
        client.endheaders()
        # The worker waits for the body while it gets the signal.
        os.kill(worker, signal.SIGTERM)
        client.send(b"{}")
        status = client.getresponse().status
        client.close()

        assert status == 401
