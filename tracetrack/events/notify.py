"""Publishes topics to all processes with PostgreSQL's NOTIFY, after COMMIT.

The web processes forward them to open dashboards: docs/decisions/0041-live-updates.md.
"""

import logging
import threading
import time
from functools import partial

from django.db import Error, connection, transaction

log = logging.getLogger(__name__)

CHANNEL = "tracetrack_live"
# Topics that are published within this time are sent together.
PAUSE_SECONDS = 0.1

_lock = threading.Lock()
_pending_topics: set[str] = set()
_is_sending = False


def publish(topic: str) -> None:
    """Send a topic to all listeners after COMMIT, or now outside a transaction.

    Listeners query the data themselves: the message has no payload beyond the topic.
    """
    if connection.in_atomic_block:
        transaction.on_commit(partial(_enqueue, topic), robust=True)
    else:
        _enqueue(topic)


def _enqueue(topic: str) -> None:
    """Hand the topic to a thread that runs only while there are topics to send.

    NOTIFY inside the caller's transaction would serialize all commits on one lock.
    """
    global _is_sending
    with _lock:
        _pending_topics.add(topic)
        if _is_sending:
            return
        _is_sending = True
    # Not a daemon thread, so that a command does not exit before the topic is sent.
    threading.Thread(target=_send_pending, name="live").start()


def _send_pending() -> None:
    global _is_sending
    while True:
        with _lock:
            topics = sorted(_pending_topics)
            _pending_topics.clear()
            if not topics:
                _is_sending = False
                return
        _notify(topics)
        time.sleep(PAUSE_SECONDS)


def _notify(topics: list[str]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, t) FROM unnest(%s::text[]) t", [CHANNEL, topics])
    except Error as error:
        # Dashboards also refresh at intervals, so a lost notification delays them only.
        log.warning("Dashboards were not notified: %s", error)
    finally:
        connection.close()
