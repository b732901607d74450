"""The ASGI-to-WSGI bridge: request bodies, responses, clients that disconnect."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

import pytest

from tracetrack.errors.request_body import MAX_BUFFERED_BODY_BYTES, BodyTimeout, TooManyBodies
from tracetrack.server import asgi_wsgi_bridge
from tracetrack.server.asgi_wsgi_bridge import Bridge, environ

LENGTH = [("Content-Length", "2")]


def scope(*headers, method="GET", path=b"/a%2Fb%FF"):
    return {
        "type": "http", "method": method, "http_version": "1.1", "scheme": "https",
        "raw_path": path, "query_string": b"q=1", "headers": list(headers),
        "server": ("::1", 8000), "client": ("192.0.2.7", 5),
    }  # fmt: skip


class Client:
    """Sends chunks of a body, then waits or disconnects; stores the messages it gets.

    With reads=False it never takes a message.
    """

    def __init__(self, *chunks, disconnects=False, reads=True):
        self.chunks, self.messages = list(chunks), []
        self.disconnects, self.reads = disconnects, reads

    async def receive(self):
        if self.chunks:
            chunk = self.chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks)}
        if self.disconnects:
            return {"type": "http.disconnect"}
        return await asyncio.Future()

    async def send(self, message):
        self.messages.append(message)
        if not self.reads:
            await asyncio.Event().wait()

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.messages)


def request(app, client, *headers, send_timeout=30.0, method="GET"):
    """Send a request of this client to a WSGI application."""
    bridge = Bridge(app, threads=2, send_timeout=send_timeout)
    call = bridge(scope(*headers, method=method), client.receive, client.send)
    # In a thread with its own loop: browser tests leave a running loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, call).result()


def read_large_body(client):
    """Return the length of a large body, or the type of the error that ends reading it."""
    results = []

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "0")])
        try:
            results.append(len(environ["wsgi.input"].read(MAX_BUFFERED_BODY_BYTES + 1)))
        except OSError as error:
            results.append(type(error))
        return []

    length = (b"content-length", b"%d" % (MAX_BUFFERED_BODY_BYTES + 1))
    request(app, client, length, method="POST")
    return results


def echo(environ, start_response):
    start_response("200 OK", LENGTH)
    return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", 0)))]


class EndlessResponse:
    """A WSGI application whose response ends only when it is closed."""

    def __init__(self):
        self.closed = threading.Event()

    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return self

    def __iter__(self):
        while not self.closed.is_set():
            yield b"x"

    def close(self):
        self.closed.set()


class TestEnviron:
    def test_has_the_request_line_and_headers(self):
        headers = [
            (b"host", b"a"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-two", b"1"),
            (b"x-two", b"2"), (b"content-type", b"text/plain"),
        ]  # fmt: skip
        variables = environ(scope(*headers), None)

        assert variables["PATH_INFO"] == "/a/b\xff"
        assert (variables["HTTP_COOKIE"], variables["HTTP_X_TWO"]) == ("a=1; b=2", "1,2")
        assert variables["CONTENT_TYPE"] == "text/plain"
        assert variables["wsgi.url_scheme"] == "https"
        assert (variables["REMOTE_ADDR"], variables["SERVER_PORT"]) == ("192.0.2.7", "8000")

    def test_ignores_a_fragment(self):
        assert environ(scope(path=b"/a#b"), None)["PATH_INFO"] == "/a"

    @pytest.mark.parametrize(
        ("target", "path"),
        [(b"http://a.example/b/c", "/b/c"), (b"HTTPS://a.example:8/b#c", "/b"),
         (b"http://a.example", "/"), (b"/http://a/b", "/http://a/b"), (b"*", "*")],
    )  # fmt: skip
    def test_accepts_the_absolute_form(self, target, path):
        assert environ(scope(path=target), None)["PATH_INFO"] == path


class TestRequestBody:
    @pytest.mark.parametrize(
        "size",
        [0, 5, MAX_BUFFERED_BODY_BYTES, MAX_BUFFERED_BODY_BYTES + 1, 3 * MAX_BUFFERED_BODY_BYTES],
    )
    def test_is_read_completely(self, size):
        body = b"b" * size
        client = Client(body[: size // 2], body[size // 2 :])

        request(echo, client, (b"content-length", b"%d" % size), method="POST")

        assert client.body == body

    def test_of_a_client_that_disconnects_is_answered_with_408(self):
        client = Client(disconnects=True)

        request(echo, client, (b"content-length", b"9"), method="POST")

        assert client.messages[0]["status"] == 408

    def test_that_is_small_and_pauses_is_answered_with_408(self, monkeypatch):
        monkeypatch.setattr(asgi_wsgi_bridge, "MAX_PAUSE_SECONDS", 0.01)
        client = Client()

        request(echo, client, (b"content-length", b"9"), method="POST")

        assert client.messages[0]["status"] == 408

    @pytest.mark.parametrize("limit", ["MAX_PAUSE_SECONDS", "INITIAL_BODY_SECONDS"])
    def test_that_is_large_and_slow_times_out(self, monkeypatch, limit):
        monkeypatch.setattr(asgi_wsgi_bridge, limit, 0.01)

        assert read_large_body(Client()) == [BodyTimeout]

    def test_is_refused_if_too_many_are_read(self, monkeypatch):
        readers = BoundedSemaphore(1)
        monkeypatch.setattr(asgi_wsgi_bridge, "BoundedSemaphore", lambda count: readers)

        with readers:
            refused = read_large_body(Client(b"b" * (MAX_BUFFERED_BODY_BYTES + 1)))
        accepted = read_large_body(Client(b"b", b"b" * MAX_BUFFERED_BODY_BYTES))

        assert (refused, accepted) == ([TooManyBodies], [MAX_BUFFERED_BODY_BYTES + 1])
        assert readers.acquire(blocking=False)


class TestResponse:
    def test_with_a_length_is_sent_in_one_message(self):
        def app(environ, start_response):
            start_response("201 Created", LENGTH)
            return iter([b"o", b"k"])

        client = Client()
        request(app, client)

        assert [message["type"] for message in client.messages] == [
            "http.response.start",
            "http.response.body",
        ]
        assert (client.messages[0]["status"], client.body) == (201, b"ok")

    def test_without_a_length_is_streamed(self):
        def app(environ, start_response):
            start_response("200 OK", [])
            yield b"o"
            yield b"k"

        client = Client()
        request(app, client)

        assert [message.get("body") for message in client.messages] == [None, b"o", b"k", b""]

    @pytest.mark.parametrize("client", [Client(disconnects=True), Client(reads=False)])
    def test_that_the_client_does_not_read_is_closed(self, client):
        response = EndlessResponse()

        request(response, client, send_timeout=0.05)

        assert response.closed.is_set()
