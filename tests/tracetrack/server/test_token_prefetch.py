"""Token prefetch: one query for all requests that are waiting."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
from django.db import connection

from accounts.authentication import PREFETCHED_TOKEN
from accounts.models import ApiToken
from accounts.tokens import revoke_token
from tests.factories import make_user
from tests.live_server import create_token, run_server
from tracetrack.server import token_prefetch
from tracetrack.server.token_prefetch import TokenPrefetcher

pytestmark = pytest.mark.django_db(transaction=True)
USERNAME = 9


def prefetched(prefetcher, *plains, between=None):
    """Return the rows that concurrent requests with these tokens get; "nothing" without one."""
    environs = [{"HTTP_AUTHORIZATION": f"Bearer {plain}"} for plain in plains]

    async def prefetch_all():
        await asyncio.gather(*map(prefetcher.prefetch, environs))
        if between is not None:
            await asyncio.to_thread(between)
            await asyncio.gather(*map(prefetcher.prefetch, environs))
        await prefetcher._close()

    run(prefetch_all())
    return [environ.get(PREFETCHED_TOKEN, "nothing") for environ in environs]


def run(coroutine):
    """Run a coroutine in a thread with its own event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def names(found):
    return [row and row[USERNAME] for row in found]


@pytest.fixture
def ida():
    return create_token(make_user("ida", "integrator"))


class TestTokenPrefetcher:
    def test_each_request_gets_the_row_of_its_token(self, ida):
        ines = create_token(make_user("ines", "integrator"))

        assert names(prefetched(TokenPrefetcher(), ida, ines, ida, "tt_x", "")) == [
            "ida", "ines", "ida", None, None,
        ]  # fmt: skip

    def test_waiting_requests_share_queries(self, ida, monkeypatch):
        queries = []

        class Counting(TokenPrefetcher):
            async def _query(self, digests):
                queries.append(len(digests))
                return await super()._query(digests)

        found = prefetched(Counting(), *[ida] * 50, "tt_x")

        assert names(found) == ["ida"] * 50 + [None]
        assert sum(queries) <= 4

    def test_a_revoked_token_has_no_row(self, ida):
        def revoke():
            token = ApiToken.objects.get()
            revoke_token(token, actor=token.user)
            connection.close()

        assert names(prefetched(TokenPrefetcher(), ida, between=revoke)) == [None]

    def test_a_closed_connection_is_replaced(self, ida):
        prefetcher = TokenPrefetcher()

        def end():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    " AND query LIKE '%%find_tokens%%'"
                )
            connection.close()

        assert names(prefetched(prefetcher, ida, between=end)) == ["ida"]

    def test_requests_continue_if_the_database_is_down(self, ida, monkeypatch):
        async def fail(**params):
            raise psycopg.OperationalError("no")

        monkeypatch.setattr(token_prefetch, "open_async_connection", fail)

        assert prefetched(TokenPrefetcher(), ida) == ["nothing"]

    def test_requests_continue_if_the_database_hangs(self, ida, monkeypatch):
        async def hang(**params):
            await asyncio.Event().wait()

        monkeypatch.setattr(token_prefetch, "open_async_connection", hang)
        monkeypatch.setattr(token_prefetch, "TIMEOUT_SECONDS", 0.01)

        assert prefetched(TokenPrefetcher(), ida, ida) == ["nothing", "nothing"]

    def test_a_cancelled_request_does_not_affect_others(self, ida):
        prefetcher = TokenPrefetcher()

        async def cancel_one():
            cancelled = {"HTTP_AUTHORIZATION": f"Bearer {ida}"}
            other_environ = dict(cancelled)
            task = asyncio.create_task(prefetcher.prefetch(cancelled))
            other = asyncio.create_task(prefetcher.prefetch(other_environ))
            await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await other
            await prefetcher._close()
            return other_environ[PREFETCHED_TOKEN]

        assert run(cancel_one())[USERNAME] == "ida"


class TestServer:
    @pytest.mark.parametrize(("fast_path", "expected_sessions"), [("true", 1), ("false", 0)])
    def test_rejects_a_revoked_token_with_the_next_request(self, fast_path, expected_sessions):
        user = make_user("ida", "integrator")
        with run_server(FAST_PATH=fast_path) as server:
            token = create_token(user)
            answers = [server.get("dashboard/ultra", token)[0].status for _ in range(3)]
            sessions = prefetch_sessions()
            found = ApiToken.objects.get()
            revoke_token(found, actor=user)
            answers.append(server.get("dashboard/ultra", token)[0].status)

        assert answers == [200, 200, 200, 401]
        assert sessions == expected_sessions


def prefetch_sessions():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE 'SELECT * FROM accounts_find_tokens%%'"
        )
        return cursor.fetchone()[0]
