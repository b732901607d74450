"""First level of the cache: what one process remembers, counts, and has under way."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable
from concurrent.futures import Future, wait
from fnmatch import fnmatchcase
from typing import NamedTuple

FIGURES = ("hits_memory", "hits_redis", "misses", "builds", "errors", "evictions")
# Without Redis no process hears of another's drops: for so long two may contradict each other.
ALONE_SECONDS = 1.0


class Stamp(NamedTuple):
    """What a reader knew before it built: the answer is good only while both still hold."""

    epoch: int  # counts the drops of this process
    version: str | None  # everybody's; None: Redis is not relied on; "": it has and takes none


class Entry(NamedTuple):
    """One answer, packed, with the moments between which it may be given."""

    stamp: Stamp
    born: float
    expires: float
    payload: bytes

    def holds(self, version: str | None, now: float) -> bool:
        """Whether it is still good under this version; without one, only while it is young."""
        if version is not None and version != self.stamp.version:
            return False
        return bool(version) or now - self.born <= ALONE_SECONDS


class Tally:
    """Counts what happened, by namespace. Thread-safe: nothing is lost and nothing estimated."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, namespace: str, figure: str) -> None:
        with self._lock:
            self._counts[namespace, figure] += 1

    def of(self, namespaces: Iterable[str]) -> dict[str, dict[str, int]]:
        """Every figure of each of these namespaces, all taken at one moment."""
        with self._lock:
            return {n: {figure: self._counts[n, figure] for figure in FIGURES} for n in namespaces}


def is_meant(name: str, namespaces: Collection[str], glob: str) -> bool:
    """Whether `name`, a namespace and a key, is in one of the namespaces and fits the glob."""
    namespace, _, key = name.partition(":")
    return namespace in namespaces and fnmatchcase(key, glob)


class Memory:
    """At most `most` entries; the one unused for longest makes room. Thread-safe."""

    def __init__(self, most: int, tally: Tally) -> None:
        self._most = most
        self._tally = tally
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._epochs: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def epoch(self, namespace: str) -> int:
        with self._lock:
            return self._epochs[namespace]

    def outdate(self, namespaces: Iterable[str]) -> None:
        """Nothing kept, or being built, in these namespaces before this call is found after it."""
        with self._lock:
            self._epochs.update(namespaces)

    def find(self, name: str, epoch: int, now: float) -> Entry | None:
        """The entry, if this process has not dropped it since and its time is not over."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                return None
            # Born in the future: the clock was put back, and `expires` cannot be believed.
            if entry.stamp.epoch != epoch or not entry.born <= now < entry.expires:
                return None
            self._entries.move_to_end(name)
            return entry

    def keep(self, name: str, entry: Entry) -> None:
        """Remember the entry, unless its namespace was dropped since its stamp was taken."""
        with self._lock:
            if entry.stamp.epoch != self._epochs[name.partition(":")[0]]:
                return
            self._entries[name] = entry
            self._entries.move_to_end(name)
            if len(self._entries) > self._most:
                oldest, _ = self._entries.popitem(last=False)
                self._tally.add(oldest.partition(":")[0], "evictions")

    def sweep(self, namespaces: Collection[str], glob: str) -> set[str]:
        """Remove the entries that are meant; return their names."""
        with self._lock:
            gone = {name for name in self._entries if is_meant(name, namespaces, glob)}
            for name in gone:
                del self._entries[name]
            return gone


class Flights:
    """Builds under way: threads that ask for the same at the same time share one."""

    # Whatever holds up the first must not hold up the others for longer.
    PATIENCE = 5.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, tuple[float, Future[bytes | None]]] = {}

    def share(
        self, ticket: Hashable, build: Callable[[], bytes], *, now: float, since: float
    ) -> bytes:
        """The answer of the build with this ticket that began at `since` or later, or of ours.

        Those who wait share its error too. When it neither lands nor fails, each builds alone.
        """
        mine: Future[bytes | None] = Future()
        with self._lock:
            flight = self._flights.get(ticket)
            if flight is None or flight[0] < since:
                flight = self._flights[ticket] = now, mine
        shared = flight[1]
        if shared is mine:
            return self._lead(ticket, mine, build)
        wait([shared], timeout=self.PATIENCE)
        payload = shared.result() if shared.done() else None
        return build() if payload is None else payload

    def _lead(
        self, ticket: Hashable, mine: Future[bytes | None], build: Callable[[], bytes]
    ) -> bytes:
        try:
            payload = build()
            mine.set_result(payload)
            return payload
        except Exception as error:
            mine.set_exception(error)
            raise
        finally:
            if not mine.done():  # This thread is being shut down; the others live on.
                mine.set_result(None)
            with self._lock:
                flight = self._flights.get(ticket)
                if flight is not None and flight[1] is mine:
                    del self._flights[ticket]
