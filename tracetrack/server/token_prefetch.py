"""Tokens looked up ahead, on the event loop: one question to the database for all who wait.

Each is looked up after its request has come, so a revoked token is shut out with the next request.
docs/decisions/0042-token-prefetch.md
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

Row = tuple[Any, ...]
# A function of the database, planned once for each connection: migrations/0008_find_tokens.py.
FIND = "SELECT * FROM accounts_find_tokens(%s::text[], %s)"
# After this the request goes to its thread without, and hears there what is wrong.
PATIENCE_SECONDS = 1.0


class Ahead:
    """The look-ups of one process: one connection of its own, one question at a time."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[Row | None]]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._own: psycopg.AsyncConnection[Row] | None = None
        self._until = 0.0

    async def note(self, environ: dict[str, Any]) -> None:
        """Have a request know what its token is good for, or nothing where the database fails."""
        digest = token_digest(bearer_token(environ) or "")
        future: asyncio.Future[Row | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(digest, []).append(future)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._serve())
        with suppress(psycopg.Error, TimeoutError):
            environ[PREFETCHED_TOKEN] = await future

    async def _serve(self) -> None:
        """Ask for all that have come until nobody waits. Who comes meanwhile is asked for next."""
        while self._waiting:
            # Whose requests are there already are asked for with the first.
            await asyncio.sleep(0)
            asked, self._waiting = self._waiting, {}
            found: dict[str, Row] | Exception = TimeoutError()
            try:
                found = {row[0]: row[1:] for row in await self._asked_for(list(asked))}
            except (psycopg.Error, TimeoutError) as error:
                log.warning("Tokens were not looked up ahead: %s", error)
                found = error
            finally:
                _settle(asked, found)

    async def _asked_for(self, digests: Sequence[str]) -> list[Row]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                return await self._ask(digests)
            except psycopg.OperationalError:
                # It may have been ended between two questions; a new one tells.
                await self._part()
                return await self._ask(digests)

    async def _ask(self, digests: Sequence[str]) -> list[Row]:
        clock = asyncio.get_running_loop().time
        if self._own is not None and (self._own.broken or clock() > self._until):
            await self._part()
        if self._own is None:
            self._own = await open_async_connection()
            self._until = clock() + settings.DB_POOL_LIFETIME
        cursor = await self._own.execute(FIND, [digests, timezone.now()], prepare=True)
        return await cursor.fetchall()

    async def _part(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            await own.close()


def _settle(
    asked: dict[str, list["asyncio.Future[Row | None]"]], found: dict[str, Row] | Exception
) -> None:
    for digest, futures in asked.items():
        for future in futures:
            # Who has hung up meanwhile waits no more.
            if future.done():
                continue
            if isinstance(found, Exception):
                future.set_exception(found)
            else:
                future.set_result(found.get(digest))
