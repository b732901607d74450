"""Log-in: redirects, rate limits, uniform errors; log-out."""

import re
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory

from accounts.log_in import client_key
from accounts.roles import Role
from tests.factories import make_user

PASSWORD = "a-long-password"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _reset() -> None:
    """Reset the rate limits before each test."""
    caches["limits"].clear()


class TestLogIn:
    @pytest.mark.parametrize(
        ("next_url", "location"),
        [("/bags", "/bags"), ("https://evil.example/", "/"), ("//evil.example", "/")],
    )
    def test_redirects_within_site_only(self, client: Client, next_url: str, location: str) -> None:
        make_user("olive", Role.OFFICE, password=PASSWORD)

        form = {"username": "olive", "password": PASSWORD, "next": next_url}
        response = client.post("/login", form)

        assert (response.status_code, response["Location"]) == (302, location)

    def test_limits_attempts_per_user_name(self, client: Client) -> None:
        make_user("olive", Role.OFFICE, password=PASSWORD)
        for number in range(10):
            address = f"10.0.0.{number}"
            assert self.guess(client, "Olive ", "wrong", address).status_code == 200

        refused = self.guess(client, "olive", PASSWORD, "10.0.0.99")

        assert refused.status_code == 429
        assert 1 <= int(refused["Retry-After"]) <= 300
        assert "Please wait" in refused.content.decode()
        assert self.guess(client, "other", "wrong", "10.0.0.1").status_code == 200

    def test_limits_failures_per_address(self, client: Client) -> None:
        make_user("olive", Role.OFFICE, password=PASSWORD)
        for number in range(30):
            assert self.guess(client, f"name-{number}", "wrong", "10.1.1.1").status_code == 200

        assert self.guess(client, "olive", PASSWORD, "10.1.1.1").status_code == 429
        assert self.guess(client, "olive", PASSWORD, "10.1.1.2").status_code == 302

    def test_allows_many_users_from_one_address(self) -> None:
        for number in range(35):
            make_user(f"user-{number}", Role.OPERATOR, password=PASSWORD)
            response = self.guess(Client(), f"user-{number}", PASSWORD, "10.2.2.2")
            assert response.status_code == 302

    def test_error_is_equal_for_inactive_and_unknown_user(self, client: Client) -> None:
        inactive = make_user("inactive", Role.OFFICE, password=PASSWORD)
        inactive.is_active = False
        inactive.save()

        pages = [
            self.guess(Client(), name, PASSWORD, "10.3.3.3").content.decode()
            for name in ("inactive", "unknown")
        ]

        without_values = [re.sub(r'value="[^"]*"', "", page) for page in pages]
        assert without_values[0] == without_values[1]

    def test_log_out_needs_post(self) -> None:
        office = Client()
        office.force_login(make_user("olive", Role.OFFICE))

        assert office.get("/logout").status_code == 405
        assert office.get("/").status_code == 200
        office.post("/logout")
        assert office.get("/").status_code == 302

    def test_client_address_is_read_from_trusted_proxy_only(self, settings: Any) -> None:
        settings.FORWARDED_ALLOW_IPS = ["10.9.9.9"]
        requests = RequestFactory()

        def key(remote: str, forwarded: str) -> str:
            request = requests.post("/login", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
            return client_key("", request)

        assert key("10.9.9.9", "1.1.1.1, 2.2.2.2") == "2.2.2.2/32"
        assert key("10.9.9.9", "2.2.2.2, 10.9.9.9") == "2.2.2.2/32"
        assert key("3.3.3.3", "1.1.1.1") == "3.3.3.3/32"
        assert key("2001:db8::1", "") == key("2001:db8::2", "")
        assert key("10.9.9.9", "nonsense") == "unreadable"

    def guess(self, client: Client, username: str, password: str, address: str) -> Any:
        credentials = {"username": username, "password": password}
        return client.post("/login", credentials, REMOTE_ADDR=address)
