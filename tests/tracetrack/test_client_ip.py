"""Where a request comes from: our proxies are believed, and nobody else."""

import pytest

from tracetrack.client_ip import client_network


@pytest.fixture
def seen(rf, settings):
    def ask(near, told=None, *, proxies=("10.9.9.9", "10.1.0.0/16", "fd00::/8")):
        settings.FORWARDED_ALLOW_IPS = list(proxies)
        headers = {} if told is None else {"HTTP_X_FORWARDED_FOR": told}
        return client_network(rf.get("/", REMOTE_ADDR=near, **headers))

    return ask


class TestTheAddress:
    @pytest.mark.parametrize("told", [None, "", "1.1.1.1", "1.1.1.1, 10.9.9.9"])
    def test_of_who_connects_directly_is_his_own_whatever_he_says(self, seen, told):
        assert seen("3.3.3.3", told) == "3.3.3.3/32"
        assert seen("3.3.3.3", told, proxies=()) == "3.3.3.3/32"

    @pytest.mark.parametrize("proxy", ["10.9.9.9", "10.1.2.3", "fd00::7", "::ffff:10.9.9.9"])
    def test_behind_a_proxy_of_ours_is_what_the_proxy_says(self, seen, proxy):
        assert seen(proxy, "2.2.2.2") == "2.2.2.2/32"

    @pytest.mark.parametrize(
        "forged", ["1.1.1.1", "10.9.9.9", "10.9.9.9, 10.1.2.3", "nonsense", ""]
    )
    def test_gains_nothing_from_what_was_forged_before_the_proxy(self, seen, forged):
        assert seen("10.9.9.9", f"{forged}, 2.2.2.2") == "2.2.2.2/32"
        assert seen("10.9.9.9", f"{forged}, 2.2.2.2, 10.1.2.3") == "2.2.2.2/32"

    def test_of_a_proxy_that_says_nothing_is_the_proxys(self, seen):
        assert seen("10.9.9.9") == seen("10.9.9.9", "") == "10.9.9.9/32"

    def test_where_anybody_may_be_a_proxy_is_what_the_nearest_one_says(self, seen):
        assert seen("7.7.7.7", "1.1.1.1, 2.2.2.2", proxies=["*"]) == "2.2.2.2/32"
        assert seen("7.7.7.7", proxies=["*"]) == "7.7.7.7/32"

    def test_counts_a_home_of_ipv6_as_one(self, seen):
        assert seen("2001:db8::1") == seen("2001:db8::ffff:2") == "2001:db8::/64"
        assert seen("2001:db8:0:1::1") != seen("2001:db8::1")
        assert seen("::ffff:3.3.3.3") == "3.3.3.3/32"

    @pytest.mark.parametrize("told", ["nonsense", "2.2.2.2:443", "2.2.2.2; DROP", "x" * 5000])
    def test_that_cannot_be_read_is_one_address(self, seen, told):
        assert seen("10.9.9.9", told) == "unreadable"
        assert seen("") == "unreadable"
