"""Where nothing is sent to, whoever asks for it; and what a receiver cannot do to us."""

import socket
import threading
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from tests.webhook_receiver import allowing, receiving
from webhooks import http_client
from webhooks.http_client import post
from webhooks.url_validation import NotAllowed, check_address, check_url

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "5f00::1", "2001:20::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888", "2606:4700::1111", "::ffff:8.8.8.8"]
BAD = {
    "http://erp.example/": "must begin with https",
    "ftp://erp.example/": "must begin with https",
    "file:///etc/passwd": "must begin with https",
    "gopher://erp.example/": "must begin with https",
    "erp.example": "must begin with https",
    "https://": "names no host",
    "https:///path": "names no host",
    "https://user@erp.example/": "neither a name",
    "https://user:secret@erp.example/": "neither a name",
    "https://erp.example/#part": "fragment",
    "https://erp.example:22/": "must use one of the ports",
    "https://erp.example:80/": "must use one of the ports",
    "https://erp.example:0/": "must use one of the ports",
    "https://erp.example:99999/": "is not an address",
    "https://erp.example:x/": "is not an address",
    "https://[::1/": "is not an address",
    "https://127.0.0.1/": "not public",
    "https://[::1]/": "not public",
    "https://[::ffff:169.254.169.254]/": "not public",
    "https://erp.example\\@127.0.0.1/": "characters",
    "https://erp.example/ x": "characters",
    "https://erp.example/\nx": "characters",
    "https://erp.example/\tx": "characters",
    "https://erp.example/\0": "characters",
    "https://бзт.example/": "characters",
    "https://erp%2eexample/": "a host that cannot be",
    "https://127.0.0.1%2f.example/": "a host that cannot be",
    "https://-erp.example/": "a host that cannot be",
    "https://erp;example/": "a host that cannot be",
    f"https://{'e' * 64}.example/": "a host that cannot be",
    f"https://erp.{'e' * 300}/": "a host that cannot be",
    f"https://{'erp.' * 63}example/": "a host that cannot be",
    "https://erp..example/": "a host that cannot be",
}
# What the resolver of the system takes for 127.0.0.1.
ODD = ["127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "localhost", "0"]


@pytest.fixture
def resolved(monkeypatch):
    """Have every name lead to what the test says, each time something else."""
    answers = []

    async def getaddrinfo(self, host, port, **options):
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (kinds[ip_address(one).version], socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", getaddrinfo)
    return answers


@contextmanager
def raw(serve):
    """A receiver that speaks no HTTP unless `serve` does; ends with the block."""
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


class TestAnAddress:
    @pytest.mark.parametrize("address", INSIDE)
    def test_inside_is_refused(self, address):
        with pytest.raises(NotAllowed, match="not public"):
            check_address(ip_address(address))

    @pytest.mark.parametrize("address", OUTSIDE)
    def test_outside_is_taken(self, address):
        check_address(ip_address(address))

    def test_in_a_network_that_is_allowed_is_taken(self, settings):
        settings.WEBHOOK_NETWORKS = ["10.1.0.0/16"]

        check_address(ip_address("10.1.2.3"))
        check_address(ip_address("::ffff:10.1.2.3"))
        with pytest.raises(NotAllowed):
            check_address(ip_address("10.2.0.1"))


class TestAUrl:
    @pytest.mark.parametrize("url", BAD)
    def test_that_is_bad_is_refused(self, url):
        with pytest.raises(NotAllowed, match=BAD[url]):
            check_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "https://erp.example/hook",
            "https://ERP.example:8443/a?b=c",
            "https://[2606:4700::1111]/",
        ],
    )
    def test_that_is_good_is_taken(self, url):
        check_url(url)

    def test_without_tls_is_taken_where_that_is_allowed(self, settings):
        settings.WEBHOOK_HTTP, settings.WEBHOOK_PORTS = True, ["80"]

        check_url("http://erp.example/hook")


class TestASending:
    @pytest.mark.parametrize("host", ODD)
    def test_to_this_machine_under_any_name_is_refused(self, receiver, settings, host):
        settings.WEBHOOK_NETWORKS = []

        answer = send(receiver.port, host)

        assert answer.error == "The address leads to an address that is not public."
        assert receiver.all == []

    def test_is_refused_where_one_address_of_many_is_inside(self, receiver, settings, resolved):
        settings.WEBHOOK_NETWORKS = []
        resolved.append(["8.8.8.8", "127.0.0.1"])

        assert "not public" in send(receiver.port, "erp.example").error
        assert receiver.all == []

    def test_goes_where_the_name_led_to_when_it_was_checked(self, receiver, resolved):
        # Looked up a second time, it would lead to an address that nobody answers at.
        resolved += [["127.0.0.1"], ["127.9.9.9"]]

        answer = send(receiver.port, "erp.example")

        assert answer.status == 200
        assert receiver.all[0].headers["Host"] == f"erp.example:{receiver.port}"

    def test_follows_no_redirect(self, receiver):
        with receiving() as other:
            receiver.answer = lambda received: (302, {"Location": other.url}, b"")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(http_client.settings, "WEBHOOK_PORTS", [str(receiver.port)])
                answer = send(receiver.port)

            assert answer.status == 302
            assert not answer.good
            assert other.all == []

    def test_knows_no_proxy(self, receiver, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        assert send(receiver.port).status == 200

    def test_keeps_no_cookie_and_sends_none(self, receiver):
        receiver.answer = lambda received: (200, {"Set-Cookie": "a=b"}, b"")

        send(receiver.port)
        send(receiver.port)

        assert "Cookie" not in receiver.all[1].headers

    def test_to_nobody_fails_with_a_word(self, settings):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        for name, value in allowing(port).items():
            setattr(settings, name, value)

        answer = send(port)

        assert answer.status is None
        assert "Connect" in answer.error

    def test_to_a_name_that_is_not_there_fails_with_a_word(self, receiver):
        assert send(receiver.port, "nowhere.invalid").error

    def test_with_tls_to_somebody_without_fails_with_a_word(self, receiver):
        assert send(receiver.port, scheme="https").error


class TestAReceiver:
    @pytest.fixture(autouse=True)
    def patience(self, settings):
        settings.WEBHOOK_SECONDS = 0.5

    def told(self, settings, serve):
        with raw(serve) as port:
            for name, value in allowing(port).items():
                setattr(settings, name, value)
            return send(port)

    def test_that_says_nothing_is_left(self, settings):
        answer = self.told(settings, lambda client, done: done.wait(30))

        assert answer.error == "No answer within 0.5 seconds."

    def test_that_drips_its_headers_is_left(self, settings):
        def drip(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not done.wait(0.05):
                client.sendall(b"x")

        assert self.told(settings, drip).error == "No answer within 0.5 seconds."

    def test_that_never_ends_its_headers_is_left(self, settings):
        def flood(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\n")
            number = 0
            while not done.is_set():
                number += 1
                client.sendall(b"".join(b"X-%d-%d: x\r\n" % (number, n) for n in range(100)))

        assert self.told(settings, flood).error

    def test_that_sends_a_line_without_end_is_left(self, settings):
        def flood(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not done.is_set():
                client.sendall(b"x" * 4096)

        assert self.told(settings, flood).error

    def test_that_answers_without_end_has_answered(self, settings):
        def flood(client, done):
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not done.is_set():
                client.sendall(b"x" * 65_536)

        answer = self.told(settings, flood)

        assert answer.good
        assert len(answer.text) == http_client.EXCERPT_BYTES

    def test_that_answers_with_a_bomb_is_not_unpacked(self, settings):
        bomb = b"\x1f\x8b" + b"\0" * 50

        def serve(client, done):
            head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            client.sendall(head % len(bomb) + bomb)

        assert self.told(settings, serve).good

    @pytest.mark.parametrize("said", [b"", b"\0\xff", b"HTTP/1.1 999999 X\r\n\r\n", b"SSH-2.0\r\n"])
    def test_that_speaks_something_else_fails_with_a_word(self, settings, said):
        answer = self.told(settings, lambda client, done: client.sendall(said))

        assert answer.status is None
        assert answer.error
