"""Tokens looked up ahead: one question for all who wait, each after its request has come."""

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
    """What requests with these tokens know, all of which came at the same time."""
    environs = [{"HTTP_AUTHORIZATION": f"Bearer {plain}"} for plain in plains]

    async def all_at_once():
        await asyncio.gather(*map(prefetcher.prefetch, environs))
        if between is not None:
            await asyncio.to_thread(between)
            await asyncio.gather(*map(prefetcher.prefetch, environs))
        await prefetcher._close()

    run(all_at_once())
    return [environ.get(PREFETCHED_TOKEN, "nothing") for environ in environs]


def run(work):
    """What it comes to on a loop of its own, whatever loop the thread of the tests may have."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def names(found):
    return [row and row[USERNAME] for row in found]


@pytest.fixture
def ida():
    return create_token(make_user("ida", "integrator"))


class TestTokens:
    def test_are_known_each_by_its_own_request(self, ida):
        ines = create_token(make_user("ines", "integrator"))

        assert names(prefetched(TokenPrefetcher(), ida, ines, ida, "tt_x", "")) == [
            "ida", "ines", "ida", None, None,
        ]  # fmt: skip

    def test_of_many_who_wait_are_asked_for_together(self, ida, monkeypatch):
        asked = []

        class Counting(TokenPrefetcher):
            async def _query(self, digests):
                asked.append(len(digests))
                return await super()._query(digests)

        found = prefetched(Counting(), *[ida] * 50, "tt_x")

        assert names(found) == ["ida"] * 50 + [None]
        assert sum(asked) <= 4

    def test_that_were_revoked_are_known_no_more(self, ida):
        def revoke():
            token = ApiToken.objects.get()
            revoke_token(token, actor=token.user)
            connection.close()

        assert names(prefetched(TokenPrefetcher(), ida, between=revoke)) == [None]

    def test_are_known_although_the_connection_was_ended(self, ida):
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

    def test_are_left_to_the_usual_way_when_the_database_is_away(self, ida, monkeypatch):
        async def away(**params):
            raise psycopg.OperationalError("no")

        monkeypatch.setattr(token_prefetch, "open_async_connection", away)

        assert prefetched(TokenPrefetcher(), ida) == ["nothing"]

    def test_wait_for_no_database_that_hangs(self, ida, monkeypatch):
        async def hang(**params):
            await asyncio.Event().wait()

        monkeypatch.setattr(token_prefetch, "open_async_connection", hang)
        monkeypatch.setattr(token_prefetch, "TIMEOUT_SECONDS", 0.01)

        assert prefetched(TokenPrefetcher(), ida, ida) == ["nothing", "nothing"]

    def test_of_who_hangs_up_hold_nobody_up(self, ida):
        prefetcher = TokenPrefetcher()

        async def one_leaves():
            leaving = {"HTTP_AUTHORIZATION": f"Bearer {ida}"}
            staying = dict(leaving)
            task = asyncio.create_task(prefetcher.prefetch(leaving))
            other = asyncio.create_task(prefetcher.prefetch(staying))
            await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await other
            await prefetcher._close()
            return staying[PREFETCHED_TOKEN]

        assert run(one_leaves())[USERNAME] == "ida"


class TestAServer:
    def test_shuts_a_revoked_token_out_with_the_next_request(self):
        user = make_user("ida", "integrator")
        with run_server() as server:
            token = create_token(user)
            answers = [server.get("dashboard/ultra", token)[0].status for _ in range(3)]
            looked_up = sessions_that_look_up()
            found = ApiToken.objects.get()
            revoke_token(found, actor=user)
            answers.append(server.get("dashboard/ultra", token)[0].status)

        assert answers == [200, 200, 200, 401]
        assert looked_up == 1


def sessions_that_look_up():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE 'SELECT * FROM accounts_find_tokens%%'"
        )
        return cursor.fetchone()[0]
