"""Signing in: one answer to every mistake, an end to guessing, a way out."""

import re
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory

from accounts.roles import Role
from dashboard.pages.log_in import client_key
from tests.factories import make_user

PASSWORD = "a-long-password"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_has_tried() -> None:
    caches["limits"].clear()


class TestLogIn:
    @pytest.mark.parametrize(
        ("following", "leads_to"),
        [("/bags", "/bags"), ("https://evil.example/", "/"), ("//evil.example", "/")],
    )
    def test_follows_next_only_within_this_site(
        self, client: Client, following: str, leads_to: str
    ) -> None:
        make_user("olive", Role.OFFICE, password=PASSWORD)

        form = {"username": "olive", "password": PASSWORD, "next": following}
        response = client.post("/login", form)

        assert (response.status_code, response["Location"]) == (302, leads_to)

    def test_makes_guessers_of_one_name_wait(self, client: Client) -> None:
        make_user("olive", Role.OFFICE, password=PASSWORD)
        for number in range(10):
            address = f"10.0.0.{number}"
            assert self.guess(client, "Olive ", "wrong", address).status_code == 200

        refused = self.guess(client, "olive", PASSWORD, "10.0.0.99")

        assert refused.status_code == 429
        assert 1 <= int(refused["Retry-After"]) <= 300
        assert "Please wait" in refused.content.decode()
        assert self.guess(client, "other", "wrong", "10.0.0.1").status_code == 200

    def test_makes_an_address_wait_that_fails_again_and_again(self, client: Client) -> None:
        make_user("olive", Role.OFFICE, password=PASSWORD)
        for number in range(30):
            assert self.guess(client, f"name-{number}", "wrong", "10.1.1.1").status_code == 200

        assert self.guess(client, "olive", PASSWORD, "10.1.1.1").status_code == 429
        assert self.guess(client, "olive", PASSWORD, "10.1.1.2").status_code == 302

    def test_lets_a_whole_shift_in_from_one_address(self) -> None:
        for number in range(35):
            make_user(f"person-{number}", Role.OPERATOR, password=PASSWORD)
            answer = self.guess(Client(), f"person-{number}", PASSWORD, "10.2.2.2")
            assert answer.status_code == 302

    def test_is_not_told_apart_for_an_account_that_is_switched_off(self, client: Client) -> None:
        gone = make_user("gone", Role.OFFICE, password=PASSWORD)
        gone.is_active = False
        gone.save()

        pages = [
            self.guess(Client(), name, PASSWORD, "10.3.3.3").content.decode()
            for name in ("gone", "none")
        ]

        blank = [re.sub(r'value="[^"]*"', "", page) for page in pages]
        assert blank[0] == blank[1]

    def test_ends_by_post_only(self) -> None:
        office = Client()
        office.force_login(make_user("olive", Role.OFFICE))

        assert office.get("/logout").status_code == 405
        assert office.get("/").status_code == 200
        office.post("/logout")
        assert office.get("/").status_code == 302

    def test_sees_through_a_proxy_of_ours_and_through_no_other(self, settings: Any) -> None:
        settings.FORWARDED_ALLOW_IPS = ["10.9.9.9"]
        requests = RequestFactory()

        def seen(near: str, told: str) -> str:
            request = requests.post("/login", REMOTE_ADDR=near, HTTP_X_FORWARDED_FOR=told)
            return client_key("", request)

        assert seen("10.9.9.9", "1.1.1.1, 2.2.2.2") == "2.2.2.2/32"
        assert seen("10.9.9.9", "2.2.2.2, 10.9.9.9") == "2.2.2.2/32"
        assert seen("3.3.3.3", "1.1.1.1") == "3.3.3.3/32"
        assert seen("2001:db8::1", "") == seen("2001:db8::2", "")
        assert seen("10.9.9.9", "nonsense") == "unreadable"

    def guess(self, client: Client, username: str, password: str, address: str) -> Any:
        tried = {"username": username, "password": password}
        return client.post("/login", tried, REMOTE_ADDR=address)
