"""The choice of the language, and the completeness of the Hindi translation."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from tests import translation_catalogue as catalogue
from tests.factories import create_reference_data, make_user

HINDI = {"tt-language": "hi"}


@pytest.fixture
def office(db: None, empty_rate_limits: None) -> Client:
    create_reference_data()
    client = Client()
    client.force_login(make_user("olive", Role.OFFICE))
    return client


@pytest.mark.django_db
class TestPages:
    def test_use_language_of_browser_until_choice(self, client: Client) -> None:
        before = client.get("/login", headers={"Accept-Language": "hi-IN,hi;q=0.9"})
        assert '<html lang="hi"' in before.content.decode()

        client.post("/language", {"language": "en", "next": "/login"})
        after = client.get("/login", headers={"Accept-Language": "hi-IN,hi;q=0.9"})

        assert '<html lang="en"' in after.content.decode()

    def test_redirect_within_site_after_choice(self, client: Client) -> None:
        internal = client.post("/language", {"language": "hi", "next": "/bags?kind=child"})
        external = client.post(
            "/language", {"language": "hi", "next": "https://elsewhere.example/"}
        )

        assert internal["Location"] == "/bags?kind=child"
        assert external["Location"] == "/"

    def test_ignore_unknown_language(self, client: Client) -> None:
        client.post("/language", {"language": "xx"})

        assert '<html lang="en"' in client.get("/login").content.decode()

    def test_choice_needs_post(self, client: Client) -> None:
        assert client.get("/language?language=hi").status_code == 405

    def test_error_page_is_in_hindi(self, office: Client) -> None:
        office.cookies.load(HINDI)

        missing = office.get("/bags/SB99999")

        assert missing.status_code == 404
        assert "SB99999" in missing.content.decode()


@pytest.mark.django_db
class TestApi:
    def test_is_always_english(self, office: Client) -> None:
        office.cookies.load(HINDI)

        response = office.get("/api/v3/bags/SB99999", headers={"Accept-Language": "hi"})

        assert response.json()["detail"] == "Bag SB99999 was not found."
        assert "Accept-Language" not in response["Vary"]
        assert 'lang="en' in office.get("/admin/login/?next=/admin/", follow=True).content.decode()


class TestCatalogue:
    def test_lists_exactly_the_texts_of_pages(self) -> None:
        messages = {
            (message.id, message.context) for message in catalogue.load_catalogue() if message.id
        }

        assert messages == catalogue.source_messages(), (
            "`make messages` brings the list up to date."
        )

    def test_is_completely_translated(self) -> None:
        messages = [message for message in catalogue.load_catalogue() if message.id]

        assert [m.id for m in messages if m.fuzzy or not all(_texts(m.string))] == []

    def test_translations_have_same_placeholders(self) -> None:
        messages = [message for message in catalogue.load_catalogue() if message.id]

        wrong = [
            m.id
            for m in messages
            if _placeholders(_texts(m.string)[-1]) != _placeholders(_texts(m.id)[-1])
        ]
        assert wrong == []

    def test_compiled_file_is_up_to_date(self) -> None:
        assert catalogue.MO.read_bytes() == catalogue.compile_catalogue(catalogue.load_catalogue())


def _texts(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]|\{\w+\}|%%", text))
