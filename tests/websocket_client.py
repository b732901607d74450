"""An open dashboard as a program: a WebSocket with somebody's session, before a real server."""

import json
from collections import deque
from typing import Any

import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from accounts.models import User
from dashboard.live.consumers import HEARTBEAT_SECONDS
from tests.live_server import Server

WAIT = 20


def session_of(username: str) -> str:
    """The key of a session in which this person is signed in."""
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.cookies["sessionid"].value


def opened(server: Server, session: str, *, origin: str | None = None) -> ClientConnection:
    """A socket that is open; whether it is told anything depends on the session."""
    own = f"http://127.0.0.1:{server.port}"
    return connect(
        f"ws://127.0.0.1:{server.port}/live",
        origin=origin or own,
        additional_headers={"Cookie": f"sessionid={session}"} if session else None,
        open_timeout=WAIT,
        # Only our own ends; nobody stands between.
        proxy=None,
    )


def told(socket: ClientConnection) -> dict[str, Any]:
    """The next message that says something."""
    text = ""
    while not text:
        text = str(socket.recv(WAIT + HEARTBEAT_SECONDS))
    message: dict[str, Any] = json.loads(text)
    return message


def codes(message: dict[str, Any]) -> list[str]:
    """The bags in it, the newest scan first."""
    return [one["code"] for one in message["recent_activity"]]


def told_until(socket: ClientConnection, code: str) -> list[dict[str, Any]]:
    """All messages up to the one whose newest scan is of this bag."""
    messages = [told(socket)]
    while codes(messages[-1])[:1] != [code]:
        messages.append(told(socket))
    return messages


def end_of(socket: ClientConnection) -> int:
    """With which code the server ends it, whatever it says before."""
    with pytest.raises(ConnectionClosed) as closed:
        deque(iter(lambda: socket.recv(WAIT), None), maxlen=0)
    return closed.value.rcvd.code if closed.value.rcvd else 0
