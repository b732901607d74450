"""publish(): tell every process that listens, after COMMIT, that what people see has changed.

PostgreSQL carries it, with or without Redis: docs/decisions/0041-live-updates.md.
"""

import logging
import threading
import time
from functools import partial

from django.db import Error, connection, transaction

log = logging.getLogger(__name__)

CHANNEL = "tracetrack_live"
# What follows within this time is told together.
PAUSE_SECONDS = 0.1

_lock = threading.Lock()
_waiting: set[str] = set()
_telling = False


def publish(topic: str) -> None:
    """Tell `topic` after COMMIT, or now. What it is about everybody looks up for himself."""
    if connection.in_atomic_block:
        transaction.on_commit(partial(_take, topic), robust=True)
    else:
        _take(topic)


def _take(topic: str) -> None:
    """Leave it to a thread that lives only while there is something to tell.

    Not within the caller's transaction: there each COMMIT would wait for that of all others.
    """
    global _telling
    with _lock:
        _waiting.add(topic)
        if _telling:
            return
        _telling = True
    # No daemon: a command that has ended waits until it is told.
    threading.Thread(target=_tell, name="live").start()


def _tell() -> None:
    global _telling
    while True:
        with _lock:
            topics = sorted(_waiting)
            _waiting.clear()
            if not topics:
                _telling = False
                return
        _notify(topics)
        time.sleep(PAUSE_SECONDS)


def _notify(topics: list[str]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, t) FROM unnest(%s::text[]) t", [CHANNEL, topics])
    except Error as error:
        # Who listens looks by himself now and then.
        log.warning("Nobody was told: %s", error)
    finally:
        connection.close()
