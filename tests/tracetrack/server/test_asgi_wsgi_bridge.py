"""The bridge between the server and Django: what goes in, what comes out, who left meanwhile."""

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
    """Sends pieces of a body and then stays, or leaves; keeps what it was sent."""

    def __init__(self, *pieces, leaves=False, takes=True):
        self.pieces, self.leaves, self.takes, self.got = list(pieces), leaves, takes, []

    async def receive(self):
        if self.pieces:
            piece = self.pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self.pieces)}
        if self.leaves:
            return {"type": "http.disconnect"}
        return await asyncio.Future()

    async def send(self, message):
        self.got.append(message)
        if not self.takes:
            await asyncio.Event().wait()

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.got)


def ask(app, client, *headers, patience=30.0, method="GET"):
    asked = Bridge(app, threads=2, patience=patience)
    called = asked(scope(*headers, method=method), client.receive, client.send)
    # A loop of its own, in a thread of its own: the page tests have one running in this thread.
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, called).result()


def ends_of_reading(client):
    """How much came of a long body, or what ended its reading."""
    ends = []

    def app(given, start):
        start("200 OK", [("Content-Length", "0")])
        try:
            ends.append(len(given["wsgi.input"].read(MAX_BUFFERED_BODY_BYTES + 1)))
        except OSError as error:
            ends.append(type(error))
        return []

    ask(app, client, (b"content-length", b"%d" % (MAX_BUFFERED_BODY_BYTES + 1)), method="POST")
    return ends


def echo(given, start):
    start("200 OK", LENGTH)
    return [given["wsgi.input"].read(int(given.get("CONTENT_LENGTH", 0)))]


class Stream:
    """Pieces without end, until it is closed."""

    def __init__(self):
        self.closed = threading.Event()

    def __call__(self, given, start):
        start("200 OK", [])
        return self

    def __iter__(self):
        while not self.closed.is_set():
            yield b"x"

    def close(self):
        self.closed.set()


class TestARequest:
    def test_reaches_the_application_as_it_was_written(self):
        headers = [
            (b"host", b"a"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-two", b"1"),
            (b"x-two", b"2"), (b"content-type", b"text/plain"),
        ]  # fmt: skip
        found = environ(scope(*headers), None)

        assert found["PATH_INFO"] == "/a/b\xff"
        assert (found["HTTP_COOKIE"], found["HTTP_X_TWO"]) == ("a=1; b=2", "1,2")
        assert (found["CONTENT_TYPE"], found["wsgi.url_scheme"]) == ("text/plain", "https")
        assert (found["REMOTE_ADDR"], found["SERVER_PORT"]) == ("192.0.2.7", "8000")

    def test_leaves_the_fragment_behind(self):
        found = environ(scope(path=b"/a#b"), None)

        assert found["PATH_INFO"] == "/a"

    @pytest.mark.parametrize(
        ("target", "path"),
        [(b"http://a.example/b/c", "/b/c"), (b"HTTPS://a.example:8/b#c", "/b"),
         (b"http://a.example", "/"), (b"/http://a/b", "/http://a/b"), (b"*", "*")],
    )  # fmt: skip
    def test_may_be_said_as_to_a_proxy(self, target, path):
        assert environ(scope(path=target), None)["PATH_INFO"] == path

    @pytest.mark.parametrize(
        "size",
        [0, 5, MAX_BUFFERED_BODY_BYTES, MAX_BUFFERED_BODY_BYTES + 1, 3 * MAX_BUFFERED_BODY_BYTES],
    )
    def test_brings_its_whole_body(self, size):
        body = b"b" * size
        client = Client(body[: size // 2], body[size // 2 :])

        ask(echo, client, (b"content-length", b"%d" % size), method="POST")

        assert client.body == body

    def test_whose_body_does_not_come_is_told_so(self):
        client = Client(leaves=True)

        ask(echo, client, (b"content-length", b"9"), method="POST")

        assert client.got[0]["status"] == 408

    def test_whose_small_body_stands_still_is_told_so(self, monkeypatch):
        monkeypatch.setattr(asgi_wsgi_bridge, "PAUSE_SECONDS", 0.01)
        client = Client()

        ask(echo, client, (b"content-length", b"9"), method="POST")

        assert client.got[0]["status"] == 408

    @pytest.mark.parametrize("faster", ["PAUSE_SECONDS", "FIRST_SECONDS"])
    def test_whose_long_body_comes_slowly_ends(self, monkeypatch, faster):
        monkeypatch.setattr(asgi_wsgi_bridge, faster, 0.01)

        assert ends_of_reading(Client()) == [BodyTimeout]

    def test_whose_long_body_finds_no_room_ends_at_once(self, monkeypatch):
        room = BoundedSemaphore(1)
        monkeypatch.setattr(asgi_wsgi_bridge, "BoundedSemaphore", lambda places: room)

        with room:
            crowded = ends_of_reading(Client(b"b" * (MAX_BUFFERED_BODY_BYTES + 1)))
        after = ends_of_reading(Client(b"b", b"b" * MAX_BUFFERED_BODY_BYTES))

        assert (crowded, after) == ([TooManyBodies], [MAX_BUFFERED_BODY_BYTES + 1])
        assert room.acquire(blocking=False)


class TestAnAnswer:
    def test_with_a_length_is_one_piece(self):
        def app(given, start):
            start("201 Created", LENGTH)
            return iter([b"o", b"k"])

        client = Client()
        ask(app, client)

        assert [message["type"] for message in client.got] == [
            "http.response.start",
            "http.response.body",
        ]
        assert (client.got[0]["status"], client.body) == (201, b"ok")

    def test_without_one_is_sent_while_it_is_made(self):
        def app(given, start):
            start("200 OK", [])
            yield b"o"
            yield b"k"

        client = Client()
        ask(app, client)

        assert [message.get("body") for message in client.got] == [None, b"o", b"k", b""]

    @pytest.mark.parametrize("reader", [Client(leaves=True), Client(takes=False)])
    def test_that_nobody_takes_ends(self, reader):
        stream = Stream()

        ask(stream, reader, patience=0.05)

        assert stream.closed.is_set()
