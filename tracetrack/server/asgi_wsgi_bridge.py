"""ASGI adapter for a WSGI application, which runs in a thread pool."""

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
Prepare = Callable[[dict[str, Any]], Awaitable[None]]
Result = TypeVar("Result")
# How often a thread that waits for the event loop checks whether the loop is closed.
LOOP_CHECK_SECONDS = 1.0
# Longest pause within a request body.
MAX_PAUSE_SECONDS = 10.0
# A body may take this long in all, plus the time that it needs at the minimum rate.
INITIAL_BODY_SECONDS = 30.0
MIN_BYTES_PER_SECOND = 16 * 1024
# At most one thread in eight may read a request body at the same time.
THREADS_PER_BODY_READER = 8
EMPTY_BODY = {"type": "http.response.body", "body": b""}
TIMEOUT_RESPONSE = {
    "type": "http.response.start",
    "status": 408,
    "headers": [(b"content-length", b"0")],
}


class Bridge:
    """ASGI application that runs a WSGI application with one thread per request.

    A response with a Content-Length is collected first, so that its thread is free while it is
    sent. Other responses are streamed from the thread; streaming ends if the client disconnects or
    reads nothing for `send_timeout` seconds (0: no limit).

    Small request bodies are read before the request takes a thread. Larger ones are read by the
    thread, by a share of the threads at most, and have to arrive at a minimum rate.

    `prepare` is awaited with the WSGI environ before the request takes a thread.
    """

    def __init__(
        self, app: Any, *, threads: int, send_timeout: float, prepare: Prepare | None = None
    ) -> None:
        self._app = app
        self._prepare = prepare
        self._send_timeout = send_timeout or None
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="http")
        self._body_readers = BoundedSemaphore(max(1, threads // THREADS_PER_BODY_READER))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        timed_receive = _TimedReceive(receive)
        try:
            small_body = await _read_small_body(scope, timed_receive)
        except (ClientGone, BodyTimeout):
            await send(TIMEOUT_RESPONSE)
            return await send(EMPTY_BODY)
        large_body = None if small_body else _BodyStream(timed_receive, loop, self._body_readers)
        body = BufferedReader(large_body, MAX_BUFFERED_BODY_BYTES) if large_body else small_body
        response = _Response(receive if small_body else None, send, loop, self._send_timeout)
        wsgi_environ = environ(scope, body)
        try:
            if self._prepare is not None:
                await self._prepare(wsgi_environ)
            call = partial(response.run, self._app, wsgi_environ, large_body)
            content = await loop.run_in_executor(self._threads, call)
        except ClientGone:
            return None
        finally:
            response.stop_watching()
        if content is not None:
            await send(response.start)
            await send({"type": "http.response.body", "body": content})
        return None


class _Response:
    """One response: produced in a thread, sent by the event loop."""

    def __init__(
        self,
        receive: Receive | None,
        send: Send,
        loop: asyncio.AbstractEventLoop,
        send_timeout: float | None,
    ) -> None:
        self.start: Message = {}
        self._has_length = False
        self._receive, self._send = receive, send
        self._loop, self._send_timeout = loop, send_timeout
        self._disconnected: asyncio.Task[None] | None = None

    def run(
        self, app: Any, environ: dict[str, Any], large_body: "_BodyStream | None"
    ) -> bytes | None:
        """Run the application in a thread. Return its content, or None if it was streamed.

        Raises ClientGone if the client does not read a streamed response.
        """
        result: Iterable[bytes] = ()
        try:
            result = app(environ, self._start_response)
            if self._has_length:
                return b"".join(result)
            self._send_from_thread(self.start)
            for chunk in result:
                if chunk:
                    message = {"type": "http.response.body", "body": chunk, "more_body": True}
                    self._send_from_thread(message)
            self._send_from_thread(EMPTY_BODY)
            return None
        finally:
            if hasattr(result, "close"):
                result.close()
            if large_body:
                large_body.release()

    def stop_watching(self) -> None:
        """Stop waiting for the client to disconnect."""
        if self._disconnected is not None:
            self._disconnected.cancel()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], error: object = None
    ) -> None:
        self.start = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers],
        }
        self._has_length = any(name.lower() == "content-length" for name, _ in headers)

    def _send_from_thread(self, message: Message) -> None:
        _run_on_loop(self._send_or_give_up(message), self._loop)

    async def _send_or_give_up(self, message: Message) -> None:
        if self._disconnected is None and self._receive is not None:
            self._disconnected = asyncio.create_task(_wait_for_disconnect(self._receive))
        sending = asyncio.ensure_future(self._send(message))
        tasks = {sending, self._disconnected} if self._disconnected else {sending}
        await asyncio.wait(tasks, timeout=self._send_timeout, return_when=asyncio.FIRST_COMPLETED)
        is_gone = self._disconnected is not None and self._disconnected.done()
        if is_gone or not sending.done():
            sending.cancel()
            raise ClientGone
        sending.result()


class _TimedReceive:
    """receive() for a request body; raises BodyTimeout if the body pauses or is too slow."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._received_bytes, self._waited_seconds = 0, 0.0

    async def __call__(self) -> Message:
        started = monotonic()
        allowed = INITIAL_BODY_SECONDS + self._received_bytes / MIN_BYTES_PER_SECOND
        remaining = allowed - self._waited_seconds
        try:
            async with asyncio.timeout(min(MAX_PAUSE_SECONDS, remaining)):
                message = await self._receive()
        except TimeoutError:
            raise BodyTimeout from None
        # Only waiting counts, not the time that the application takes between two calls.
        self._waited_seconds += monotonic() - started
        self._received_bytes += len(message.get("body", b""))
        return message


class _BodyStream(RawIOBase):
    """A large body, read by a thread as it arrives. Reading may raise TooManyBodies."""

    def __init__(
        self, receive: Receive, loop: asyncio.AbstractEventLoop, readers: BoundedSemaphore
    ) -> None:
        self._receive, self._loop, self._readers = receive, loop, readers
        self._rest = memoryview(b"")
        self._has_more, self._is_reader = True, False

    def release(self) -> None:
        """Let another thread read a body."""
        if self._is_reader:
            self._is_reader = False
            self._readers.release()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._has_more and not self._is_reader:
            if not self._readers.acquire(blocking=False):
                raise TooManyBodies
            self._is_reader = True
        while not self._rest and self._has_more:
            message = _run_on_loop(self._next_message(), self._loop)
            self._rest = memoryview(message.get("body", b""))
            self._has_more = message.get("more_body", False)
        if not self._has_more:
            self.release()
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    async def _next_message(self) -> Message:
        return await self._receive()


def _run_on_loop(coroutine: Coroutine[Any, Any, Result], loop: asyncio.AbstractEventLoop) -> Result:
    """Run a coroutine on the event loop and wait for it in this thread.

    Raises ClientGone if the loop ends first.
    """
    future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    while True:
        try:
            return future.result(LOOP_CHECK_SECONDS)
        except CancelledError:
            raise ClientGone from None
        except TimeoutError:
            if future.done():
                raise
            # A coroutine that was submitted just before the loop ended never runs.
            if loop.is_closed():
                raise ClientGone from None


async def _read_small_body(scope: Message, receive: Receive) -> BytesIO | None:
    """Read the body if it has at most MAX_BUFFERED_BODY_BYTES; otherwise return None.

    Raises ClientGone if the client disconnects.
    """
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    if length > MAX_BUFFERED_BODY_BYTES:
        return None
    body = bytearray()
    has_more = length > 0
    while has_more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
    return BytesIO(body)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def environ(scope: Message, body: Any) -> dict[str, Any]:
    """Return the WSGI environ of a request. `body` is a file object with its body."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    variables: dict[str, Any] = {
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
        # Tells pages that this server has WebSockets.
        "TRACETRACK_SOCKETS": True,
    }
    for name, value in scope["headers"]:
        key, text = _variable(name), value.decode("latin-1")
        separator = "; " if key == "HTTP_COOKIE" else ","
        variables[key] = f"{variables[key]}{separator}{text}" if key in variables else text
    return variables


def _path(target: bytes) -> bytes:
    # Clients should not send a fragment; it is ignored.
    path = target.partition(b"#")[0]
    if path.lower().startswith((b"http://", b"https://")):
        # The absolute form, which clients send to proxies and every server must accept (RFC 9112).
        return b"/" + path.partition(b"://")[2].partition(b"/")[2]
    return path


@lru_cache(maxsize=500)
def _variable(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
