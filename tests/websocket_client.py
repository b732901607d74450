"""A WebSocket client with a session, for tests of the live dashboard."""

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

TIMEOUT_SECONDS = 20


def create_session(username: str) -> str:
    """Sign the user in; return the session key."""
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.cookies["sessionid"].value


def open_socket(server: Server, session: str, *, origin: str | None = None) -> ClientConnection:
    """Open the socket /live; an invalid session is refused only after opening."""
    site = f"http://127.0.0.1:{server.port}"
    return connect(
        f"ws://127.0.0.1:{server.port}/live",
        origin=origin or site,
        additional_headers={"Cookie": f"sessionid={session}"} if session else None,
        open_timeout=TIMEOUT_SECONDS,
        proxy=None,
    )


def next_message(socket: ClientConnection) -> dict[str, Any]:
    """Return the next message that is not a heartbeat."""
    text = ""
    while not text:
        text = str(socket.recv(TIMEOUT_SECONDS + HEARTBEAT_SECONDS))
    message: dict[str, Any] = json.loads(text)
    return message


def latest_codes(message: dict[str, Any]) -> list[str]:
    """Return the bag codes of the latest scans in the message, newest first."""
    return [row["code"] for row in message["recent_activity"]]


def messages_until(socket: ClientConnection, code: str) -> list[dict[str, Any]]:
    """Return all messages up to the one whose latest scan is of this bag."""
    messages = [next_message(socket)]
    while latest_codes(messages[-1])[:1] != [code]:
        messages.append(next_message(socket))
    return messages


def close_code(socket: ClientConnection) -> int:
    """Read until the server closes the socket; return the close code."""
    with pytest.raises(ConnectionClosed) as closed:
        deque(iter(lambda: socket.recv(TIMEOUT_SECONDS), None), maxlen=0)
    return closed.value.rcvd.code if closed.value.rcvd else 0
