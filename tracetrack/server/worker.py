"""gunicorn's asgi worker, with an end: whoever hangs, a worker that is to stop is gone in time."""

import asyncio
import faulthandler
import inspect
from contextlib import suppress

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers.gasgi import ASGIWorker

# A question may be on its way on a line that is open.
SILENCE_SECONDS = 1.0
# Within the time after which the parent kills: first who is served, then what hangs all the same.
SERVED_SHARE, HUNG_SHARE = 0.8, 0.95


class Worker(ASGIWorker):
    """One process that answers. When it stops it does not wait for who says nothing."""

    async def _shutdown(self) -> None:
        # Where the parent is gone, nobody has said so yet.
        self.alive = False
        graceful = self.cfg.graceful_timeout
        # Below Python, so that no thread, loop or lock can hold it up; it also says who hung.
        faulthandler.dump_traceback_later(graceful * HUNG_SHARE, exit=True)
        self.loop.call_later(SILENCE_SECONDS, self._hang_up)
        with suppress(TimeoutError):
            async with asyncio.timeout(graceful * SERVED_SHARE):
                await super()._shutdown()

    def _hang_up(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            if _silent(task):
                task.cancel()


def _silent(task: "asyncio.Task[object]") -> bool:
    """Whether it serves a connection that has asked nothing, or nothing more."""
    coroutine = task.get_coro()
    if not inspect.iscoroutine(coroutine):
        return False
    serving = inspect.getcoroutinelocals(coroutine).get("self")
    return isinstance(serving, ASGIProtocol) and serving._awaiting_request
