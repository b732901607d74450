"""URL validation, and the HTTP client against hostile names and receivers."""

import socket
import threading
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from tests.webhook_receiver import local_webhook_settings, run_receiver
from webhooks import http_client
from webhooks.http_client import post
from webhooks.url_validation import UrlNotAllowed, check_address, check_url

NON_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "5f00::1", "2001:20::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888", "2606:4700::1111", "::ffff:8.8.8.8"]
NOT_ALLOWED = {
    "http://erp.example/": "must begin with https",
    "ftp://erp.example/": "must begin with https",
    "file:///etc/passwd": "must begin with https",
    "gopher://erp.example/": "must begin with https",
    "erp.example": "must begin with https",
    "https://": "has no host",
    "https:///path": "has no host",
    "https://user@erp.example/": "must not contain",
    "https://user:secret@erp.example/": "must not contain",
    "https://erp.example/#part": "fragment",
    "https://erp.example:22/": "must use one of the ports",
    "https://erp.example:80/": "must use one of the ports",
    "https://erp.example:0/": "must use one of the ports",
    "https://erp.example:99999/": "is not a valid URL",
    "https://erp.example:x/": "is not a valid URL",
    "https://[::1/": "is not a valid URL",
    "https://127.0.0.1/": "not public",
    "https://[::1]/": "not public",
    "https://[::ffff:169.254.169.254]/": "not public",
    "https://erp.example\\@127.0.0.1/": "invalid characters",
    "https://erp.example/ x": "invalid characters",
    "https://erp.example/\nx": "invalid characters",
    "https://erp.example/\tx": "invalid characters",
    "https://erp.example/\0": "invalid characters",
    "https://бзт.example/": "invalid characters",
    "https://erp%2eexample/": "has an invalid host",
    "https://127.0.0.1%2f.example/": "has an invalid host",
    "https://-erp.example/": "has an invalid host",
    "https://erp;example/": "has an invalid host",
    f"https://{'e' * 64}.example/": "has an invalid host",
    f"https://erp.{'e' * 300}/": "has an invalid host",
    f"https://{'erp.' * 63}example/": "has an invalid host",
    "https://erp..example/": "has an invalid host",
}
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


class TestCheckAddress:
    @pytest.mark.parametrize("address", NON_PUBLIC)
    def test_refuses_non_public_address(self, address):
        with pytest.raises(UrlNotAllowed, match="not public"):
            check_address(ip_address(address))

    @pytest.mark.parametrize("address", PUBLIC)
    def test_accepts_public_address(self, address):
        check_address(ip_address(address))

    def test_accepts_allowed_network(self, settings):
        settings.WEBHOOK_NETWORKS = ["10.1.0.0/16"]

        check_address(ip_address("10.1.2.3"))
        check_address(ip_address("::ffff:10.1.2.3"))
        with pytest.raises(UrlNotAllowed):
            check_address(ip_address("10.2.0.1"))


class TestCheckUrl:
    @pytest.mark.parametrize("url", NOT_ALLOWED)
    def test_refuses_url(self, url):
        with pytest.raises(UrlNotAllowed, match=NOT_ALLOWED[url]):
            check_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "https://erp.example/hook",
            "https://ERP.example:8443/a?b=c",
            "https://[2606:4700::1111]/",
        ],
    )
    def test_accepts_url(self, url):
        check_url(url)

    def test_accepts_http_if_allowed(self, settings):
        settings.WEBHOOK_HTTP, settings.WEBHOOK_PORTS = True, ["80"]

        check_url("http://erp.example/hook")


class TestPost:
    @pytest.mark.parametrize("host", LOOPBACK_NAMES)
    def test_refuses_loopback_under_any_name(self, receiver, settings, host):
        settings.WEBHOOK_NETWORKS = []

        answer = send(receiver.port, host)

        assert answer.error == "The address leads to an address that is not public."
        assert receiver.requests == []

    def test_refuses_host_with_one_non_public_address(self, receiver, settings, resolved):
        settings.WEBHOOK_NETWORKS = []
        resolved.append(["8.8.8.8", "127.0.0.1"])

        assert "not public" in send(receiver.port, "erp.example").error
        assert receiver.requests == []

    def test_connects_to_checked_address(self, receiver, resolved):
        # Looked up a second time, it would lead to an address that nobody results at.
        resolved += [["127.0.0.1"], ["127.9.9.9"]]

        answer = send(receiver.port, "erp.example")

        assert answer.status == 200
        assert receiver.requests[0].headers["Host"] == f"erp.example:{receiver.port}"

    def test_follows_no_redirect(self, receiver):
        with run_receiver() as other:
            receiver.answer = lambda request: (302, {"Location": other.url}, b"")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(http_client.settings, "WEBHOOK_PORTS", [str(receiver.port)])
                answer = send(receiver.port)

            assert answer.status == 302
            assert not answer.is_success
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

        answer = send(port)

        assert answer.status is None
        assert "Connect" in answer.error

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
        answer = self.send_to(settings, lambda client, done: done.wait(30))

        assert answer.error == "No answer within 0.5 seconds."

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

    def test_that_results_without_end_has_answered(self, settings):
        def flood(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not done.is_set():
                client.sendall(b"x" * 65_536)

        answer = self.send_to(settings, flood)

        assert answer.is_success
        assert len(answer.text) == http_client.MAX_EXCERPT_BYTES

    def test_that_results_with_a_bomb_is_not_unpacked(self, settings):
        bomb = b"\x1f\x8b" + b"\0" * 50

        def serve(client, done):
            head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            client.sendall(head % len(bomb) + bomb)

        assert self.send_to(settings, serve).is_success

    @pytest.mark.parametrize(
        "response", [b"", b"\0\xff", b"HTTP/1.1 999999 X\r\n\r\n", b"SSH-2.0\r\n"]
    )
    def test_other_protocol_fails(self, settings, response):
        answer = self.send_to(settings, lambda client, done: client.sendall(response))

        assert answer.status is None
        assert answer.error
