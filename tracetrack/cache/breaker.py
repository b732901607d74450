"""A breaker: after several failures in a row it spares everyone the waiting for a while."""

import threading
import time
from collections.abc import Callable


class Breaker:
    """Says whether a call is worth trying; the caller reports how each call went. Thread-safe."""

    def __init__(
        self, *, failures: int, rest: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0

    @property
    def state(self) -> str:
        """closed: calls go through; open: none does; half-open: the next one is the probe."""
        with self._lock:
            if self._failures < self._limit:
                return "closed"
            return "open" if self._clock() < self._until else "half-open"

    def admits(self) -> bool:
        """Whether to try now. After each rest one caller hears yes and is the probe."""
        with self._lock:
            if self._failures < self._limit:
                return True
            now = self._clock()
            if now < self._until:
                return False
            # A probe that never reports must not keep the door shut for ever.
            self._until = now + self._rest
            return True

    def succeeded(self) -> None:
        """A call went well: everybody may call again."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """A call failed: the last of several in a row opens the breaker for a rest."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._until = self._clock() + self._rest
