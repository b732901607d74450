"""The search page and the suggestions."""

import pytest
from django.test import Client

HOSTILE_TEXTS = ["", "\0", "%", "'; --", "x" * 5000, "\U0001f600", "../.."]

pytestmark = pytest.mark.usefixtures("small_site")


class TestSearch:
    def test_redirects_to_bag_with_exact_code(self, office: Client) -> None:
        response = office.get("/search", {"q": " sb10001\u200b"})

        assert (response.status_code, response["Location"]) == (302, "/bags/SB10001")

    @pytest.mark.parametrize("text", HOSTILE_TEXTS)
    def test_accepts_any_text(self, office: Client, text: str) -> None:
        assert office.get("/search", {"q": text}).status_code == 200

    def test_hides_other_areas(self, operator: Client) -> None:
        assert operator.get("/search?q=CB900000001").status_code == 200


class TestSuggestions:
    def test_contain_bags_batches_and_areas(self, office: Client) -> None:
        assert b'data-href="/bags/SB10001"' in office.get("/search/suggest?q=sb1").content
        assert b'data-href="/batches/LOT-1"' in office.get("/search/suggest?q=lot").content
        assert b'data-href="/bags?area=lucknow"' in office.get("/search/suggest?q=luc").content

    def test_hide_other_areas(self, operator: Client) -> None:
        for text in ("CB9", "indore"):
            assert b"option" not in operator.get(f"/search/suggest?q={text}").content

    @pytest.mark.parametrize("text", HOSTILE_TEXTS)
    def test_accept_any_text(self, office: Client, text: str) -> None:
        assert office.get("/search/suggest", {"q": text}).status_code == 200
