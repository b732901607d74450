"""First level of the cache: the memory of one process, its counters and running builds."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable
from concurrent.futures import Future, wait
from fnmatch import fnmatchcase
from typing import NamedTuple

COUNTERS = ("hits_memory", "hits_redis", "misses", "builds", "errors", "evictions")
# Seconds. Without Redis a process does not learn of invalidations by others: for this long two
# processes may give different values.
MAX_AGE_WITHOUT_REDIS = 1.0


class Version(NamedTuple):
    """The version of a namespace that a reader saw before it built a value."""

    epoch: int  # number of invalidations by this process
    token: str | None  # from Redis; None: Redis is unavailable; "": Redis stores no new token


class Entry(NamedTuple):
    """A stored value: its version, when it was built and when it expires (Unix time)."""

    version: Version
    built_at: float
    expires: float
    payload: bytes

    def is_valid(self, token: str | None, now: float) -> bool:
        """Return whether the entry is valid under the present token of its namespace.

        Without a token it is valid for MAX_AGE_WITHOUT_REDIS.
        """
        if token is not None and token != self.version.token:
            return False
        return bool(token) or now - self.built_at <= MAX_AGE_WITHOUT_REDIS


class Stats:
    """Exact counters by namespace. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, namespace: str, counter: str) -> None:
        with self._lock:
            self._counts[namespace, counter] += 1

    def by_namespace(self, namespaces: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return every counter of these namespaces, all read at the same time."""
        with self._lock:
            return {
                namespace: {counter: self._counts[namespace, counter] for counter in COUNTERS}
                for namespace in namespaces
            }


def matches(name: str, namespaces: Collection[str], glob: str) -> bool:
    """Return whether a name, "namespace:key", is in one of the namespaces and its key matches."""
    namespace, _, key = name.partition(":")
    return namespace in namespaces and fnmatchcase(key, glob)


class Memory:
    """A dictionary of at most `max_entries`, the least recently used evicted. Thread-safe."""

    def __init__(self, max_entries: int, stats: Stats) -> None:
        self._max_entries = max_entries
        self._stats = stats
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._epochs: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def epoch(self, namespace: str) -> int:
        """Return how often this process has invalidated a namespace."""
        with self._lock:
            return self._epochs[namespace]

    def invalidate(self, namespaces: Iterable[str]) -> None:
        """Make entries of these namespaces invalid, also those that are being built."""
        with self._lock:
            self._epochs.update(namespaces)

    def get(self, name: str, epoch: int, now: float) -> Entry | None:
        """Return the entry of a name if it has this epoch and has not expired."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                return None
            # An entry built in the future means that the clock was set back: `expires` is wrong.
            if entry.version.epoch != epoch or not entry.built_at <= now < entry.expires:
                return None
            self._entries.move_to_end(name)
            return entry

    def store(self, name: str, entry: Entry) -> None:
        """Store an entry, unless its namespace was invalidated since its version was read."""
        with self._lock:
            if entry.version.epoch != self._epochs[name.partition(":")[0]]:
                return
            self._entries[name] = entry
            self._entries.move_to_end(name)
            if len(self._entries) > self._max_entries:
                oldest, _ = self._entries.popitem(last=False)
                self._stats.add(oldest.partition(":")[0], "evictions")

    def purge(self, namespaces: Collection[str], glob: str) -> set[str]:
        """Delete the matching entries; return their names."""
        with self._lock:
            purged = {name for name in self._entries if matches(name, namespaces, glob)}
            for name in purged:
                del self._entries[name]
            return purged


class SingleFlight:
    """Runs one build for all threads that need the same value at the same time."""

    # A slow first build must not delay the other threads for longer than this.
    TIMEOUT_SECONDS = 5.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, tuple[float, Future[bytes | None]]] = {}

    def run(self, key: Hashable, build: Callable[[], bytes], *, now: float, since: float) -> bytes:
        """Return the result of `build`, or that of another thread's build with this key.

        Only builds that began at `since` or later are shared; their exceptions are shared as well.
        If the other build takes longer than TIMEOUT_SECONDS, this thread builds for itself.
        """
        own: Future[bytes | None] = Future()
        with self._lock:
            flight = self._flights.get(key)
            if flight is None or flight[0] < since:
                flight = self._flights[key] = now, own
        shared = flight[1]
        if shared is own:
            return self._lead(key, own, build)
        wait([shared], timeout=self.TIMEOUT_SECONDS)
        payload = shared.result() if shared.done() else None
        return build() if payload is None else payload

    def _lead(self, key: Hashable, own: Future[bytes | None], build: Callable[[], bytes]) -> bytes:
        try:
            payload = build()
            own.set_result(payload)
            return payload
        except Exception as error:
            own.set_exception(error)
            raise
        finally:
            if not own.done():  # SystemExit or the like ends this thread, not those that wait.
                own.set_result(None)
            with self._lock:
                flight = self._flights.get(key)
                if flight is not None and flight[1] is own:
                    del self._flights[key]
