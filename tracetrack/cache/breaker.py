"""A circuit breaker: after repeated failures calls are skipped for a while."""

import threading
import time
from collections.abc import Callable


class CircuitBreaker:
    """Decides whether to try a call; the caller reports the outcome. Thread-safe.

    `failures` in a row open the breaker for `rest` seconds.
    """

    def __init__(
        self, *, failures: int, rest: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_failures = failures
        self._rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0

    @property
    def state(self) -> str:
        """Return closed (calls are tried), open (none is) or half-open (the next is a probe)."""
        with self._lock:
            if self._failures < self._max_failures:
                return "closed"
            return "open" if self._clock() < self._open_until else "half-open"

    def allows_call(self) -> bool:
        """Return whether to try a call. After each rest one caller gets True, as a probe."""
        with self._lock:
            if self._failures < self._max_failures:
                return True
            now = self._clock()
            if now < self._open_until:
                return False
            # The next probe is due after another rest, even if this one never reports.
            self._open_until = now + self._rest
            return True

    def record_success(self) -> None:
        """Close the breaker after a successful call."""
        with self._lock:
            self._failures = 0

    def record_failure(self) -> None:
        """Count a failed call, and open the breaker if there were too many in a row."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._max_failures:
                self._open_until = self._clock() + self._rest
