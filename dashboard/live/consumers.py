"""WS /live: sends the response of GET /api/v3/dashboard/ultra whenever it changes."""

import asyncio
import logging
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error

from bags.querysets import visibility_key
from dashboard.live.broadcaster import (
    MAX_QUEUED_MESSAGES,
    SIGNED_OUT,
    Listener,
    get_broadcaster,
    is_stopping,
    user_for_session,
)

log = logging.getLogger(__name__)

# An empty message is sent after this long without another, so that the page and proxies notice a
# dead connection.
HEARTBEAT, HEARTBEAT_SECONDS = "", 20.0


class LiveConsumer(AsyncWebsocketConsumer):
    """The WebSocket of one open dashboard. Messages from the client are ignored."""

    listener: Listener | None = None
    send_task: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        if is_stopping():
            return await self.close()
        session = _session_key(self.scope["headers"])
        try:
            user = await asyncio.to_thread(user_for_session, session) if session else None
        except Error as error:
            # The client tries again.
            log.warning("A WebSocket was refused, because the database failed: %s", error)
            return await self.close()
        await self.accept()
        if user is None:
            # Only an accepted socket can be closed with a code.
            return await self.close(SIGNED_OUT)
        queue: asyncio.Queue[str] = asyncio.Queue(MAX_QUEUED_MESSAGES)
        self.listener = Listener(session, visibility_key(user), user, queue, self.close)
        self.send_task = asyncio.create_task(self._send_loop(queue))
        return await get_broadcaster().join(self.listener)

    async def disconnect(self, code: int) -> None:
        self._stop()

    async def close(self, code: Any = None, reason: Any = None) -> None:
        self._stop()
        await super().close(code, reason)

    def _stop(self) -> None:
        """Send neither queued nor new messages any more."""
        if self.listener is not None:
            get_broadcaster().leave(self.listener)
        if self.send_task is not None:
            self.send_task.cancel()

    async def _send_loop(self, queue: "asyncio.Queue[str]") -> None:
        # If the client is gone, disconnect() is called.
        with suppress(OSError):
            while True:
                text = HEARTBEAT
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        text = await queue.get()
                await self.send(text)


def _session_key(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the session key in the cookies of the request, or an empty string."""
    cookies = SimpleCookie()
    for name, value in headers:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    cookie = cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else ""
