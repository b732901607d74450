"""The broadcaster: one per process; sends the dashboard statistics to all open dashboards.

Whenever PostgreSQL notifies that data have changed, it computes the statistics once for all users
who may see the same data.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import Error, connection
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from bags.querysets import visibility_key
from dashboard.stats import cached_queries
from tracetrack import cache
from tracetrack.db.pool import open_async_connection
from tracetrack.events.notify import CHANNEL

log = logging.getLogger(__name__)

PERMISSION = "dashboard.view_dashboard"
# At most four messages a second.
SEND_INTERVAL_SECONDS = 0.25
# The statistics are checked this often even without a notification.
POLL_SECONDS = 5.0
# Sessions and users are checked this often, or at once after a notification.
REVALIDATE_SECONDS = 15.0
STOP_POLL_SECONDS = 0.5
RECONNECT_SECONDS = 1.0
MAX_QUEUED_MESSAGES = 4
# The statistics are computed in up to this many threads, each with its own database connection.
MAX_BUILDERS = 3
# WebSocket close codes. static/dashboard/js/ knows them, too.
GOING_AWAY, SIGNED_OUT, CHANGED = 1001, 4401, 4409

_should_stop: Callable[[], bool] | None = None


def set_stop_check(should_stop: Callable[[], bool]) -> None:
    """Register the function that tells whether this process is to stop. The server calls this."""
    global _should_stop
    _should_stop = should_stop


def is_stopping() -> bool:
    """Return whether this process is to stop."""
    return _should_stop is not None and _should_stop()


@dataclass(eq=False)
class Listener:
    """One open dashboard: its session and user, the key of what they see, and its message queue."""

    session: str
    visibility: str
    user: User
    queue: "asyncio.Queue[str]"
    close: Callable[[int], Coroutine[Any, Any, None]]

    def enqueue(self, text: str) -> None:
        """Add a message to the queue; drop the oldest one if it is full.

        A slow client loses nothing by that: each message contains all statistics.
        """
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(text)


class Broadcaster:
    """The listeners of this process, and the tasks that serve them."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        # The statistics last sent, by visibility, without their time stamp.
        self._sent: dict[str, bytes] = {}
        self._wake = asyncio.Event()
        self._builders = asyncio.Semaphore(MAX_BUILDERS)
        self._must_revalidate = False
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: set[asyncio.Task[None]] = set()

    async def join(self, listener: Listener) -> None:
        """Add a listener and send it the current statistics; the first one starts the tasks."""
        self._listeners.add(listener)
        if not self._tasks:
            loops = (self._listen_loop, self._send_loop, self._stop_loop)
            self._tasks = [asyncio.create_task(run()) for run in loops]
        await self._send_initial(listener)

    def leave(self, listener: Listener) -> None:
        """Remove a listener; it gets no more messages."""
        self._listeners.discard(listener)

    async def _listen_loop(self) -> None:
        """Wake the send loop at each notification; reconnect after a lost connection."""
        while True:
            try:
                async with await open_async_connection(
                    application_name="tracetrack-live"
                ) as dedicated:
                    await dedicated.execute(f"LISTEN {CHANNEL}")
                    # Notifications before LISTEN were missed.
                    self._must_revalidate = True
                    self._wake.set()
                    async for notification in dedicated.notifies():
                        self._must_revalidate |= notification.payload == "users"
                        self._wake.set()
            except psycopg.Error as error:
                log.warning("The connection for notifications was lost: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _send_loop(self) -> None:
        """Revalidate the listeners if due, then send changed statistics; repeat when woken."""
        loop = asyncio.get_running_loop()
        validated_at = loop.time()
        while True:
            await self._wait_for_wake()
            cache.invalidate_local("dashboard:*")
            try:
                # Before sending: a user may have lost access.
                if self._must_revalidate or loop.time() - validated_at > REVALIDATE_SECONDS:
                    self._must_revalidate, validated_at = False, loop.time()
                    await self._revalidate_listeners()
                await asyncio.gather(
                    *[self._send(*group) for group in self._listeners_by_visibility()]
                )
            except Error as error:
                self._must_revalidate = True
                log.warning("The live dashboards were not updated: %s", error)
            except Exception:
                # The task must survive: the next round may succeed.
                log.exception("The live dashboards were not updated.")
            await asyncio.sleep(SEND_INTERVAL_SECONDS)

    async def _wait_for_wake(self) -> None:
        with suppress(TimeoutError):
            # Not wait_for(): before Python 3.12 it may swallow the cancellation of the task.
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        self._wake.clear()

    def _listeners_by_visibility(self) -> list[tuple[str, list[Listener]]]:
        """Return the listeners grouped by visibility, the largest group first."""
        groups: dict[str, list[Listener]] = {}
        for listener in self._listeners:
            groups.setdefault(listener.visibility, []).append(listener)
        self._sent = {
            visibility: sent for visibility, sent in self._sent.items() if visibility in groups
        }
        return sorted(groups.items(), key=lambda group: -len(group[1]))

    async def _send(self, visibility: str, listeners: list[Listener]) -> None:
        async with self._builders:
            body, content = await asyncio.to_thread(_load_statistics, listeners[0].user)
        if self._sent.get(visibility) != content:
            self._sent[visibility] = content
            text = body.decode()
            for listener in listeners:
                listener.enqueue(text)

    async def _send_initial(self, listener: Listener) -> None:
        try:
            body, content = await asyncio.to_thread(_load_statistics, listener.user)
        except Error as error:
            log.warning("A live dashboard got no initial statistics: %s", error)
            self._sent.pop(listener.visibility, None)
            return
        listener.enqueue(body.decode())
        if self._sent.get(listener.visibility) != content:
            # Either may be the older one; the next round sends the current ones to all.
            self._sent.pop(listener.visibility, None)
            self._wake.set()

    async def _stop_loop(self) -> None:
        """Close all listeners once the process is to stop; they reconnect to another process.

        The loop goes on, because clients may connect as long as this process accepts connections.
        """
        while True:
            await asyncio.sleep(STOP_POLL_SECONDS)
            for listener in list(self._listeners) if is_stopping() else ():
                self._close(listener, GOING_AWAY)

    async def _revalidate_listeners(self) -> None:
        """Close listeners whose user signed out, lost the permission or may see something else."""
        listeners = list(self._listeners)
        codes = await asyncio.to_thread(revalidate, listeners)
        for listener, code in zip(listeners, codes, strict=True):
            if code is not None:
                self._close(listener, code)

    def _close(self, listener: Listener, code: int) -> None:
        """Send nothing more, and close the socket in a separate task, which may take a moment."""
        self.leave(listener)
        task = asyncio.create_task(listener.close(code))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def user_for_session(session: str) -> User | None:
    """Return the user of a valid session if they may see the dashboard, else None.

    For a worker thread: it closes the database connection.
    """
    request: Any = HttpRequest()
    request.session = SessionStore(session)
    try:
        user = get_user(request)
        if not isinstance(user, User) or not user.has_perm(PERMISSION):
            return None
        # Loads the areas here, because the event loop must not query the database.
        visibility_key(user)
        return user
    finally:
        connection.close()


def revalidate(listeners: list[Listener]) -> list[int | None]:
    """Return for each listener the code to close it with, or None if it may stay.

    For a worker thread: it closes the database connection.
    """
    try:
        keys = {listener.session for listener in listeners}
        sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
        valid = set(sessions.values_list("session_key", flat=True))
        users = User.objects.in_bulk({listener.user.pk for listener in listeners})
        return [
            _close_code(listener.user, users.get(listener.user.pk))
            if listener.session in valid
            else SIGNED_OUT
            for listener in listeners
        ]
    finally:
        connection.close()


def _close_code(before: User, now: User | None) -> int | None:
    """Return the code to close a connection with if its user has changed, else None."""
    if now is None or not now.has_perm(PERMISSION) or now.password != before.password:
        return SIGNED_OUT
    if visibility_key(now) != visibility_key(before) or now.role != before.role:
        return CHANGED
    return None


def _load_statistics(user: User) -> tuple[bytes, bytes]:
    """Return the JSON of the statistics, and the same without its time stamp for comparison."""
    try:
        body, _ = cached_queries.overview(user)
    finally:
        connection.close()
    content = orjson.loads(body)
    content.pop("generated_at", None)
    return body, orjson.dumps(content)


_broadcaster: Broadcaster | None = None


def get_broadcaster() -> Broadcaster:
    """Return the broadcaster of this process. The first call must be made on its event loop."""
    global _broadcaster
    _broadcaster = _broadcaster or Broadcaster()
    return _broadcaster
