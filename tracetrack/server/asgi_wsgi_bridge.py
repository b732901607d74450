"""The bridge from ASGI to WSGI: Django answers in threads, behind a server that has none."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import lru_cache, partial
from io import BufferedReader, BytesIO, RawIOBase
from threading import BoundedSemaphore
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from tracetrack.errors.request_body import (
    MAX_BUFFERED_BODY_BYTES,
    BodyTimeout,
    ClientGone,
    TooManyBodies,
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Ahead = Callable[[dict[str, Any]], Awaitable[None]]
Result = TypeVar("Result")
LOOK_SECONDS = 1.0
# A body may pause so long, and come so slowly: bytes in a second, after the first seconds.
PAUSE_SECONDS, FIRST_SECONDS, PACE = 10.0, 30.0, 16 * 1024
# This part of the threads may be reading bodies at the same time.
READING_SHARE = 8
NO_BODY = {"type": "http.response.body", "body": b""}
TOO_LATE = {"type": "http.response.start", "status": 408, "headers": [(b"content-length", b"0")]}


class Bridge:
    """`app`, which speaks WSGI, as an ASGI application: each request takes one of `threads`.

    An answer that states its length goes out as one piece and holds no thread while it does. Any
    other is sent while it is made; a reader who leaves, or takes nothing for `patience` seconds,
    ends it. Who sends a long body slowly takes a part of the threads at most; a body that stands
    still is given up. What `ahead` has to find out about a request is found out before it takes a
    thread.
    """

    def __init__(
        self, app: Any, *, threads: int, patience: float, ahead: Ahead | None = None
    ) -> None:
        self._app = app
        self._ahead = ahead
        self._patience = patience or None
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="http")
        self._reading = BoundedSemaphore(max(1, threads // READING_SHARE))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        paced = _Paced(receive)
        try:
            small = await _small_body(scope, paced)
        except (ClientGone, BodyTimeout):
            await send(TOO_LATE)
            return await send(NO_BODY)
        raw = None if small else _Body(paced, loop, self._reading)
        body = BufferedReader(raw, MAX_BUFFERED_BODY_BYTES) if raw else small
        answer = _Answer(receive if small else None, send, loop, self._patience)
        told = environ(scope, body)
        try:
            if self._ahead is not None:
                await self._ahead(told)
            call = partial(answer.run, self._app, told, raw)
            whole = await loop.run_in_executor(self._threads, call)
        except ClientGone:
            return None
        finally:
            answer.end()
        if whole is not None:
            await send(answer.start)
            await send({"type": "http.response.body", "body": whole})
        return None


class _Answer:
    """One answer on its way out: made in a thread, sent by the loop."""

    def __init__(
        self,
        receive: Receive | None,
        send: Send,
        loop: asyncio.AbstractEventLoop,
        patience: float | None,
    ) -> None:
        self.start: Message = {}
        self._has_length = False
        self._receive, self._send = receive, send
        self._loop, self._patience = loop, patience
        self._gone: asyncio.Task[None] | None = None

    def run(self, app: Any, environ: dict[str, Any], raw: "_Body | None") -> bytes | None:
        """In a thread: the whole body, or None where it has been sent already."""
        result: Iterable[bytes] = ()
        try:
            result = app(environ, self._start)
            if self._has_length:
                return b"".join(result)
            self._deliver(self.start)
            for piece in result:
                if piece:
                    self._deliver({"type": "http.response.body", "body": piece, "more_body": True})
            self._deliver(NO_BODY)
            return None
        finally:
            if hasattr(result, "close"):
                result.close()
            if raw:
                raw.leave()

    def end(self) -> None:
        """Nobody needs to know any more whether the reader is there."""
        if self._gone is not None:
            self._gone.cancel()

    def _start(self, status: str, headers: list[tuple[str, str]], error: object = None) -> None:
        self.start = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers],
        }
        self._has_length = any(name.lower() == "content-length" for name, _ in headers)

    def _deliver(self, message: Message) -> None:
        _done(self._sent(message), self._loop)

    async def _sent(self, message: Message) -> None:
        if self._gone is None and self._receive is not None:
            self._gone = asyncio.create_task(_until_gone(self._receive))
        sending = asyncio.ensure_future(self._send(message))
        waited_for = {sending, self._gone} if self._gone else {sending}
        await asyncio.wait(waited_for, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done() or (self._gone is not None and self._gone.done()):
            sending.cancel()
            raise ClientGone
        sending.result()


class _Paced:
    """A body as it comes. Raises BodyTimeout where it stands still, or takes too long as a whole."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._came, self._waited = 0, 0.0

    async def __call__(self) -> Message:
        begun = monotonic()
        left = FIRST_SECONDS + self._came / PACE - self._waited
        try:
            async with asyncio.timeout(min(PAUSE_SECONDS, left)):
                message = await self._receive()
        except TimeoutError:
            raise BodyTimeout from None
        # What we make of it meanwhile is no fault of who sends.
        self._waited += monotonic() - begun
        self._came += len(message.get("body", b""))
        return message


class _Body(RawIOBase):
    """A long body, read by a thread while it comes in. Raises TooManyBodies where too many are read."""

    def __init__(
        self, receive: Receive, loop: asyncio.AbstractEventLoop, room: BoundedSemaphore
    ) -> None:
        self._receive, self._loop, self._room = receive, loop, room
        self._rest = memoryview(b"")
        self._more, self._inside = True, False

    def leave(self) -> None:
        """Make room for another."""
        if self._inside:
            self._inside = False
            self._room.release()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._more and not self._inside:
            if not self._room.acquire(blocking=False):
                raise TooManyBodies
            self._inside = True
        while not self._rest and self._more:
            message = _done(self._next(), self._loop)
            self._rest = memoryview(message.get("body", b""))
            self._more = message.get("more_body", False)
        if not self._more:
            self.leave()
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    async def _next(self) -> Message:
        return await self._receive()


def _done(work: Coroutine[Any, Any, Result], loop: asyncio.AbstractEventLoop) -> Result:
    """In a thread: what the loop made of it. Raises ClientGone where the loop ends before it is done."""
    future = asyncio.run_coroutine_threadsafe(work, loop)
    while True:
        try:
            return future.result(LOOK_SECONDS)
        except CancelledError:
            raise ClientGone from None
        except TimeoutError:
            if future.done():
                raise
            # What was asked of a loop in its last moment is never answered.
            if loop.is_closed():
                raise ClientGone from None


async def _small_body(scope: Message, receive: Receive) -> BytesIO | None:
    """The body, if it is small; None for any other. Raises ClientGone where it does not come."""
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    if length > MAX_BUFFERED_BODY_BYTES:
        return None
    read = bytearray()
    more = length > 0
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        read += message.get("body", b"")
        more = message.get("more_body", False)
    return BytesIO(read)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def environ(scope: Message, body: Any) -> dict[str, Any]:
    """What WSGI wants to know of a request."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(_path(scope["raw_path"])).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].partition(b"#")[0].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1] or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        # Whoever paints a page may have it listen.
        "TRACETRACK_SOCKETS": True,
    }
    for name, value in scope["headers"]:
        key, text = _variable(name), value.decode("latin-1")
        between = "; " if key == "HTTP_COOKIE" else ","
        found[key] = f"{found[key]}{between}{text}" if key in found else text
    return found


def _path(target: bytes) -> bytes:
    # A fragment is the browser's own; who sends it all the same means what stands before it.
    path = target.partition(b"#")[0]
    if path.lower().startswith((b"http://", b"https://")):
        # As it is said to a proxy, which every server has to understand.
        return b"/" + path.partition(b"://")[2].partition(b"/")[2]
    return path


@lru_cache(maxsize=500)
def _variable(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
