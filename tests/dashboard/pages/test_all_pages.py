"""Rules that hold for all pages: log-in, permissions, caching, missing objects, inline code."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.roles import Role

PAGES = [
    "/",
    "/account",
    "/reports",
    "/bags",
    "/bags/SB10001",
    "/batches",
    "/batches/LOT-1",
    "/search",
    "/search?q=SB",
]

pytestmark = pytest.mark.usefixtures("small_site")


class TestPages:
    @pytest.mark.parametrize("path", [*PAGES, "/scan", "/bags/SB10001/undo"])
    def test_redirect_anonymous_users_to_log_in(self, client: Client, path: str) -> None:
        method = client.post if path.endswith("undo") else client.get

        response = method(path)

        assert (response.status_code, response.url.split("?")[0]) == (302, "/login")

    @pytest.mark.parametrize("role", Role.values)
    @pytest.mark.parametrize("path", PAGES)
    def test_are_shown_to_every_role(
        self, sign_in: Callable[..., Client], role: str, path: str
    ) -> None:
        response = sign_in(role, "lucknow").get(path)

        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]

    @pytest.mark.parametrize("role", Role.values)
    def test_scan_station_needs_permission(self, sign_in: Callable[..., Client], role: str) -> None:
        response = sign_in(role, "lucknow").get("/scan")

        assert response.status_code == (403 if role == Role.VIEWER else 200)

    @pytest.mark.parametrize(
        "path", ["/bags/SB99999", "/batches/LOT-9", "/nowhere", "/bags/%00SB9"]
    )
    def test_missing_object_has_error_page(self, office: Client, path: str) -> None:
        response = office.get(path)

        assert response.status_code == 404
        assert b"Go to dashboard" in response.content

    @pytest.mark.parametrize("path", PAGES)
    def test_contain_no_inline_scripts_and_styles(self, office: Client, path: str) -> None:
        html = office.get(path).content.decode()

        inline = re.findall(r"<script(?![^>]*(?:src=|application/json))", html)
        assert (inline, re.findall(r"\sstyle=|\son\w+=|<style", html)) == ([], [])
