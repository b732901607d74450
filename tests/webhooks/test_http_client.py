"""The HTTP client against misleading names and hostile receivers."""

import socket
import threading
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from tests.webhook_receiver import local_webhook_settings, run_receiver
from webhooks import http_client
from webhooks.http_client import post

# Names that the system resolver maps to 127.0.0.1.
LOOPBACK_NAMES = ["127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "localhost", "0"]


@pytest.fixture
def resolved(monkeypatch):
    """Resolve every name to the address lists that the test adds; one list per look-up."""
    results = []

    async def getaddrinfo(self, host, port, **options):
        addresses = results.pop(0) if len(results) > 1 else results[0]
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (kinds[ip_address(address).version], socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", getaddrinfo)
    return results


@contextmanager
def raw_server(serve):
    """Run a TCP server that passes the connection to `serve`; it ends with the block."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run():
            client, _ = listening.accept()
            with client:
                try:
                    client.recv(65_536)
                    serve(client, done)
                except OSError:
                    return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        done.set()
        thread.join()


def send(port, host="127.0.0.1", scheme="http"):
    return post(f"{scheme}://{host}:{port}/", headers={}, body=b"{}")


class TestPost:
    @pytest.mark.parametrize("host", LOOPBACK_NAMES)
    def test_refuses_loopback_under_any_name(self, receiver, settings, host):
        settings.WEBHOOK_NETWORKS = []

        result = send(receiver.port, host)

        assert result.error == "The address leads to an address that is not public."
        assert receiver.requests == []

    def test_refuses_host_with_one_non_public_address(self, receiver, settings, resolved):
        settings.WEBHOOK_NETWORKS = []
        resolved.append(["8.8.8.8", "127.0.0.1"])

        assert "not public" in send(receiver.port, "erp.example").error
        assert receiver.requests == []

    def test_connects_to_checked_address(self, receiver, resolved):
        # A second look-up would return an address without a server.
        resolved += [["127.0.0.1"], ["127.9.9.9"]]

        result = send(receiver.port, "erp.example")

        assert result.status == 200
        assert receiver.requests[0].headers["Host"] == f"erp.example:{receiver.port}"

    def test_follows_no_redirect(self, receiver):
        with run_receiver() as other:
            receiver.answer = lambda request: (302, {"Location": other.url}, b"")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(http_client.settings, "WEBHOOK_PORTS", [str(receiver.port)])
                result = send(receiver.port)

            assert result.status == 302
            assert not result.is_success
            assert other.requests == []

    def test_ignores_proxy_variables(self, receiver, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        assert send(receiver.port).status == 200

    def test_sends_no_cookies(self, receiver):
        receiver.answer = lambda request: (200, {"Set-Cookie": "a=b"}, b"")

        send(receiver.port)
        send(receiver.port)

        assert "Cookie" not in receiver.requests[1].headers

    def test_reports_refused_connection(self, settings):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        for name, value in local_webhook_settings(port).items():
            setattr(settings, name, value)

        result = send(port)

        assert result.status is None
        assert "Connect" in result.error

    def test_reports_unknown_host(self, receiver):
        assert send(receiver.port, "nowhere.invalid").error

    def test_reports_failed_tls_handshake(self, receiver):
        assert send(receiver.port, scheme="https").error


class TestHostileReceiver:
    @pytest.fixture(autouse=True)
    def short_timeout(self, settings):
        settings.WEBHOOK_SECONDS = 0.5

    def send_to(self, settings, serve):
        with raw_server(serve) as port:
            for name, value in local_webhook_settings(port).items():
                setattr(settings, name, value)
            return send(port)

    def test_silence_times_out(self, settings):
        result = self.send_to(settings, lambda client, done: done.wait(30))

        assert result.error == "No answer within 0.5 seconds."

    def test_slow_headers_time_out(self, settings):
        def drip(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not done.wait(0.05):
                client.sendall(b"x")

        assert self.send_to(settings, drip).error == "No answer within 0.5 seconds."

    def test_endless_headers_fail(self, settings):
        def flood(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\n")
            number = 0
            while not done.is_set():
                number += 1
                client.sendall(b"".join(b"X-%d-%d: x\r\n" % (number, n) for n in range(100)))

        assert self.send_to(settings, flood).error

    def test_endless_header_line_fails(self, settings):
        def flood(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not done.is_set():
                client.sendall(b"x" * 4096)

        assert self.send_to(settings, flood).error

    def test_endless_body_succeeds(self, settings):
        def flood(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not done.is_set():
                client.sendall(b"x" * 65_536)

        result = self.send_to(settings, flood)

        assert result.is_success
        assert len(result.text) == http_client.MAX_EXCERPT_BYTES

    def test_compressed_body_is_not_decompressed(self, settings):
        bomb = b"\x1f\x8b" + b"\0" * 50

        def serve(client, done):
            head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            client.sendall(head % len(bomb) + bomb)

        assert self.send_to(settings, serve).is_success

    @pytest.mark.parametrize(
        "response", [b"", b"\0\xff", b"HTTP/1.1 999999 X\r\n\r\n", b"SSH-2.0\r\n"]
    )
    def test_other_protocol_fails(self, settings, response):
        result = self.send_to(settings, lambda client, done: client.sendall(response))

        assert result.status is None
        assert result.error
