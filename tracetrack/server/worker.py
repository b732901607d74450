"""A gunicorn worker with a bounded shutdown, even if a thread or a connection hangs."""

import asyncio
import faulthandler
import inspect
from contextlib import suppress

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers.gasgi import ASGIWorker

# Idle connections are closed after this time, in which a request may still arrive on them.
IDLE_SECONDS = 1.0
# Shares of graceful_timeout, after which gunicorn's arbiter kills the worker: until the first one
# requests may finish, at the second one the worker exits in any case.
GRACEFUL_SHARE, EXIT_SHARE = 0.8, 0.95


class Worker(ASGIWorker):
    """gunicorn's ASGI worker, which on shutdown does not wait for idle connections."""

    async def _shutdown(self) -> None:
        # If the arbiter is gone, no signal has set this.
        self.alive = False
        graceful_seconds = self.cfg.graceful_timeout
        # A C-level timer, so that no thread, loop or lock can delay it. It logs all stacks.
        faulthandler.dump_traceback_later(graceful_seconds * EXIT_SHARE, exit=True)
        self.loop.call_later(IDLE_SECONDS, self._close_idle_connections)
        with suppress(TimeoutError):
            async with asyncio.timeout(graceful_seconds * GRACEFUL_SHARE):
                await super()._shutdown()

    def _close_idle_connections(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            if _is_idle(task):
                task.cancel()


def _is_idle(task: "asyncio.Task[object]") -> bool:
    """Return whether a task serves a connection that is waiting for a request."""
    coroutine = task.get_coro()
    if not inspect.iscoroutine(coroutine):
        return False
    protocol = inspect.getcoroutinelocals(coroutine).get("self")
    return isinstance(protocol, ASGIProtocol) and protocol._awaiting_request
