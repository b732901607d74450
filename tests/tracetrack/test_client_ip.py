"""The client's network: X-Forwarded-For is trusted from configured proxies only."""

import pytest

from tracetrack.client_ip import client_network


@pytest.fixture
def network_of(rf, settings):
    def get(remote_address, forwarded_for=None, *, proxies=("10.9.9.9", "10.1.0.0/16", "fd00::/8")):
        settings.FORWARDED_ALLOW_IPS = list(proxies)
        headers = {} if forwarded_for is None else {"HTTP_X_FORWARDED_FOR": forwarded_for}
        return client_network(rf.get("/", REMOTE_ADDR=remote_address, **headers))

    return get


class TestClientNetwork:
    @pytest.mark.parametrize("header", [None, "", "1.1.1.1", "1.1.1.1, 10.9.9.9"])
    def test_of_a_direct_connection_ignores_the_header(self, network_of, header):
        assert network_of("3.3.3.3", header) == "3.3.3.3/32"
        assert network_of("3.3.3.3", header, proxies=()) == "3.3.3.3/32"

    @pytest.mark.parametrize("proxy", ["10.9.9.9", "10.1.2.3", "fd00::7", "::ffff:10.9.9.9"])
    def test_behind_a_trusted_proxy_comes_from_the_header(self, network_of, proxy):
        assert network_of(proxy, "2.2.2.2") == "2.2.2.2/32"

    @pytest.mark.parametrize(
        "forged", ["1.1.1.1", "10.9.9.9", "10.9.9.9, 10.1.2.3", "nonsense", ""]
    )
    def test_ignores_forged_entries(self, network_of, forged):
        assert network_of("10.9.9.9", f"{forged}, 2.2.2.2") == "2.2.2.2/32"
        assert network_of("10.9.9.9", f"{forged}, 2.2.2.2, 10.1.2.3") == "2.2.2.2/32"

    def test_of_a_proxy_without_header_is_that_of_the_proxy(self, network_of):
        assert network_of("10.9.9.9") == network_of("10.9.9.9", "") == "10.9.9.9/32"

    def test_uses_the_last_entry_if_all_addresses_are_trusted(self, network_of):
        assert network_of("7.7.7.7", "1.1.1.1, 2.2.2.2", proxies=["*"]) == "2.2.2.2/32"
        assert network_of("7.7.7.7", proxies=["*"]) == "7.7.7.7/32"

    def test_of_ipv6_is_a_64_bit_prefix(self, network_of):
        assert network_of("2001:db8::1") == network_of("2001:db8::ffff:2") == "2001:db8::/64"
        assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
        assert network_of("::ffff:3.3.3.3") == "3.3.3.3/32"

    @pytest.mark.parametrize("header", ["nonsense", "2.2.2.2:443", "2.2.2.2; DROP", "x" * 5000])
    def test_of_an_invalid_address(self, network_of, header):
        assert network_of("10.9.9.9", header) == "unreadable"
        assert network_of("") == "unreadable"
