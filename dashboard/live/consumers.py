"""WS /live: what GET /api/v3/dashboard/ultra answers, whenever it changes."""

import asyncio
import logging
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error

from bags.querysets import visibility_key
from dashboard.live.broadcaster import Listener, SIGNED_OUT, WAITING_MESSAGES, leaving, of_this_process, who

log = logging.getLogger(__name__)

# In silence neither a page nor a proxy could tell whether the line is dead.
BEAT, BEAT_SECONDS = "", 20.0


class Live(AsyncWebsocketConsumer):
    """One open dashboard. What it sends is not listened to."""

    listener: Listener | None = None
    pump: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        if leaving():
            return await self.close()
        session = _session(self.scope["headers"])
        try:
            user = await asyncio.to_thread(who, session) if session else None
        except Error as error:
            # Not now; whoever it is tries again.
            log.warning("Nobody could be let in to listen: %s", error)
            return await self.close()
        await self.accept()
        if user is None:
            # Only an open socket can be told why.
            return await self.close(SIGNED_OUT)
        waiting: asyncio.Queue[str] = asyncio.Queue(WAITING_MESSAGES)
        self.listener = Listener(session, visibility_key(user), user, waiting, self.close)
        self.pump = asyncio.create_task(self._pump(waiting))
        return await of_this_process().join(self.listener)

    async def disconnect(self, code: int) -> None:
        self._hush()

    async def close(self, code: Any = None, reason: Any = None) -> None:
        self._hush()
        await super().close(code, reason)

    def _hush(self) -> None:
        """Send nothing more, neither what waits nor what is still to come."""
        if self.listener is not None:
            of_this_process().leave(self.listener)
        if self.pump is not None:
            self.pump.cancel()

    async def _pump(self, waiting: "asyncio.Queue[str]") -> None:
        # Who has gone is told of by disconnect().
        with suppress(OSError):
            while True:
                text = BEAT
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_SECONDS):
                        text = await waiting.get()
                await self.send(text)


def _session(headers: list[tuple[bytes, bytes]]) -> str:
    cookies = SimpleCookie()
    for name, value in headers:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    found = cookies.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else ""
