"""Token look-up on the event loop: one query for all requests that are waiting.

A token is looked up after its request has arrived, so a revoked token is rejected with the next
request. See docs/decisions/0042-token-prefetch.md.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from django.conf import settings
from django.utils import timezone

from accounts.authentication import PREFETCHED_TOKEN, bearer_token
from accounts.token_secrets import token_digest
from tracetrack.db.pool import open_async_connection

log = logging.getLogger(__name__)

TokenRow = tuple[Any, ...]
Waiting = dict[str, list["asyncio.Future[TokenRow | None]"]]
# A SQL function, because PostgreSQL then plans the query once per connection.
FIND_TOKENS = "SELECT * FROM accounts_find_tokens(%s::text[], %s)"
# After this time a request continues without a row, and looks its token up itself.
TIMEOUT_SECONDS = 1.0


class TokenPrefetcher:
    """Looks tokens up for one process, with one connection and one query at a time."""

    def __init__(self) -> None:
        self._waiting: Waiting = {}
        self._task: asyncio.Task[None] | None = None
        self._connection: psycopg.AsyncConnection[TokenRow] | None = None
        self._expires_at = 0.0

    async def prefetch(self, environ: dict[str, Any]) -> None:
        """Store the row of a request's token in its environ, or nothing if the database fails."""
        digest = token_digest(bearer_token(environ) or "")
        future: asyncio.Future[TokenRow | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(digest, []).append(future)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        with suppress(psycopg.Error, TimeoutError):
            environ[PREFETCHED_TOKEN] = await future

    async def _run(self) -> None:
        """Query in rounds until no request waits. Requests that arrive meanwhile share the next."""
        while self._waiting:
            # Lets requests that have already arrived join the first round.
            await asyncio.sleep(0)
            batch, self._waiting = self._waiting, {}
            result: dict[str, TokenRow] | Exception = TimeoutError()
            try:
                result = {row[0]: row[1:] for row in await self._find(list(batch))}
            except (psycopg.Error, TimeoutError) as error:
                log.warning("Tokens were not prefetched: %s", error)
                result = error
            finally:
                _resolve(batch, result)

    async def _find(self, digests: Sequence[str]) -> list[TokenRow]:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            try:
                return await self._query(digests)
            except psycopg.OperationalError:
                # The server may have closed the idle connection: try once more with a new one.
                await self._close()
                return await self._query(digests)

    async def _query(self, digests: Sequence[str]) -> list[TokenRow]:
        clock = asyncio.get_running_loop().time
        if self._connection is not None and (self._connection.broken or clock() > self._expires_at):
            await self._close()
        if self._connection is None:
            self._connection = await open_async_connection()
            self._expires_at = clock() + settings.DB_POOL_LIFETIME
        cursor = await self._connection.execute(
            FIND_TOKENS, [digests, timezone.now()], prepare=True
        )
        return await cursor.fetchall()

    async def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _resolve(batch: Waiting, result: dict[str, TokenRow] | Exception) -> None:
    for digest, futures in batch.items():
        for future in futures:
            # Cancelled if its client has disconnected.
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result.get(digest))
