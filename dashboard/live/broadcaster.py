"""The hub: one for each process; makes each answer once for all who may see the same."""

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

MAY = "dashboard.view_dashboard"
# At most four messages a second; without any word from the database, a look now and then.
BETWEEN_SECONDS, LOOK_SECONDS, PEOPLE_SECONDS = 0.25, 5.0, 15.0
WAITING_MESSAGES = 4
# So many answers are made at once: connections to the database that requests do not have.
BUILDERS = 3
LEAVE_SECONDS = 0.5
GOING_AWAY, SIGNED_OUT, CHANGED = 1001, 4401, 4409


def leaving() -> bool:
    """Whether this process is to stop; its server says so by leave_when()."""
    return _stops is not None and _stops()


_stops: Callable[[], bool] | None = None


@dataclass(eq=False)
class Listener:
    """One dashboard that is open: whose, what it may see, and what waits to be sent to it."""

    session: str
    scope: str
    user: User
    waiting: "asyncio.Queue[str]"
    end: Callable[[int], Coroutine[Any, Any, None]]

    def put(self, text: str) -> None:
        """Have it sent. Who is slow misses what is old by now: the next message says it all."""
        if self.waiting.full():
            self.waiting.get_nowait()
        self.waiting.put_nowait(text)


class Hub:
    """Who listens in this process, and the one task that serves them all."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._told: dict[str, bytes] = {}
        self._wake = asyncio.Event()
        self._builders = asyncio.Semaphore(BUILDERS)
        self._people = False
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: set[asyncio.Task[None]] = set()

    async def join(self, listener: Listener) -> None:
        """Have it told from now on, beginning with how things are."""
        self._listeners.add(listener)
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(run()) for run in (self._hear, self._serve, self._leave)
            ]
        await self._greet(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    async def _hear(self) -> None:
        """Serve whenever the database says so; come back when it was away."""
        while True:
            try:
                async with await open_async_connection(application_name="tracetrack-live") as own:
                    await own.execute(f"LISTEN {CHANNEL}")
                    # What was told before was not heard.
                    self._people = True
                    self._wake.set()
                    async for told in own.notifies():
                        self._people |= told.payload == "people"
                        self._wake.set()
            except psycopg.Error as error:
                log.warning("Not listening to the database: %s", error)
            await asyncio.sleep(1)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        checked = loop.time()
        while True:
            with suppress(TimeoutError):
                # Not wait_for(): before Python 3.12 it may swallow that the task is to end.
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            cache.invalidate_local("dashboard:*")
            try:
                # Before anything is told: not to who may see less by now.
                if self._people or loop.time() - checked > PEOPLE_SECONDS:
                    self._people, checked = False, loop.time()
                    await self._check_people()
                await asyncio.gather(*[self._tell(*group) for group in self._by_scope()])
            except Error as error:
                self._people = True
                log.warning("The dashboards were not told: %s", error)
            except Exception:
                # Whatever it was, the next look may tell them.
                log.exception("The dashboards were not told.")
            await asyncio.sleep(BETWEEN_SECONDS)

    def _by_scope(self) -> list[tuple[str, list[Listener]]]:
        """Those who may see the same, together; the many come before the few."""
        found: dict[str, list[Listener]] = {}
        for listener in self._listeners:
            found.setdefault(listener.scope, []).append(listener)
        self._told = {scope: told for scope, told in self._told.items() if scope in found}
        return sorted(found.items(), key=lambda group: -len(group[1]))

    async def _tell(self, scope: str, listeners: list[Listener]) -> None:
        async with self._builders:
            body, told = await asyncio.to_thread(_numbers, listeners[0].user)
        if self._told.get(scope) != told:
            self._told[scope] = told
            text = body.decode()
            for listener in listeners:
                listener.put(text)

    async def _greet(self, listener: Listener) -> None:
        try:
            body, told = await asyncio.to_thread(_numbers, listener.user)
        except Error as error:
            log.warning("A dashboard was not greeted: %s", error)
            self._told.pop(listener.scope, None)
            return
        listener.put(body.decode())
        if self._told.get(listener.scope) != told:
            # One of the two is older: what comes next says it to all.
            self._told.pop(listener.scope, None)
            self._wake.set()

    async def _leave(self) -> None:
        """Let everybody go when the process is to stop: they come back to another one.

        Or to this one, as long as it takes connections; so it goes on looking.
        """
        while True:
            await asyncio.sleep(LEAVE_SECONDS)
            for listener in list(self._listeners) if leaving() else ():
                self._end(listener, GOING_AWAY)

    async def _check_people(self) -> None:
        """End who is signed out or may no longer look; who may see something else comes anew."""
        listeners = list(self._listeners)
        codes = await asyncio.to_thread(standing, listeners)
        for listener, code in zip(listeners, codes, strict=True):
            if code is not None:
                self._end(listener, code)

    def _end(self, listener: Listener, code: int) -> None:
        """Tell it nothing more. That it hangs up, too, may take a moment."""
        self.leave(listener)
        ending = asyncio.create_task(listener.end(code))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


def who(session: str) -> User | None:
    """Whose session this is, if it is good and he may look. For a thread: keeps no connection."""
    request: Any = HttpRequest()
    request.session = SessionStore(session)
    try:
        user = get_user(request)
        if not isinstance(user, User) or not user.has_perm(MAY):
            return None
        # Asks for his areas, here in the thread.
        visibility_key(user)
        return user
    finally:
        connection.close()


def standing(listeners: list[Listener]) -> list[int | None]:
    """With which code each of them is to end; None for who goes on. For a thread, too."""
    try:
        kept = Session.objects.filter(session_key__in={one.session for one in listeners})
        lasting = kept.filter(expire_date__gt=timezone.now())
        sessions = set(lasting.values_list("session_key", flat=True))
        users = User.objects.in_bulk({one.user.pk for one in listeners})
        return [
            _standing(one.user, users.get(one.user.pk)) if one.session in sessions else SIGNED_OUT
            for one in listeners
        ]
    finally:
        connection.close()


def _standing(before: User, now: User | None) -> int | None:
    """What has become of somebody since he began to listen."""
    if now is None or not now.has_perm(MAY) or now.password != before.password:
        return SIGNED_OUT
    if visibility_key(now) != visibility_key(before) or now.role != before.role:
        return CHANGED
    return None


def _numbers(user: User) -> tuple[bytes, bytes]:
    """What he sees, and the same without what says only when it was made."""
    try:
        body, _ = cached_queries.overview(user)
    finally:
        connection.close()
    said = orjson.loads(body)
    said.pop("generated_at", None)
    return body, orjson.dumps(said)


hub: Hub | None = None


def of_this_process() -> Hub:
    """The one hub; made on the loop that it lives on."""
    global hub
    hub = hub or Hub()
    return hub


def leave_when(said: Callable[[], bool]) -> None:
    """Ask `said` whether this process is to stop."""
    global _stops
    _stops = said
