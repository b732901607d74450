"""Validation of webhook URLs and of the addresses that they lead to."""

from ipaddress import ip_address

import pytest

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
