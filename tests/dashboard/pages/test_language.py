"""English and Hindi: who hears which, and that nothing is left out."""

import re
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from accounts.roles import Role
from tests import catalogue
from tests.factories import create_reference_data, make_user

HINDI = {"tt-language": "hi"}


@pytest.fixture
def office(db: Any) -> Client:
    caches["limits"].clear()
    create_reference_data()
    client = Client()
    client.force_login(make_user("olive", Role.OFFICE))
    return client


@pytest.mark.django_db
class TestThePages:
    def test_speak_as_the_browser_asks_until_somebody_chooses(self, client: Client) -> None:
        asked = client.get("/login", headers={"Accept-Language": "hi-IN,hi;q=0.9"})
        assert '<html lang="hi"' in asked.content.decode()

        client.post("/language", {"language": "en", "next": "/login"})
        chosen = client.get("/login", headers={"Accept-Language": "hi-IN,hi;q=0.9"})

        assert '<html lang="en"' in chosen.content.decode()

    def test_lead_back_after_the_choice_but_to_no_other_site(self, client: Client) -> None:
        back = client.post("/language", {"language": "hi", "next": "/bags?kind=child"})
        away = client.post("/language", {"language": "hi", "next": "https://elsewhere.example/"})

        assert back["Location"] == "/bags?kind=child"
        assert away["Location"] == "/"

    def test_know_no_third_language(self, client: Client) -> None:
        client.post("/language", {"language": "xx"})

        assert '<html lang="en"' in client.get("/login").content.decode()

    def test_choose_by_post_only(self, client: Client) -> None:
        assert client.get("/language?language=hi").status_code == 405

    def test_name_what_was_refused_in_hindi(self, office: Client) -> None:
        office.cookies.load(HINDI)

        missing = office.get("/bags/SB99999")

        assert missing.status_code == 404
        assert "SB99999" in missing.content.decode()


@pytest.mark.django_db
class TestPrograms:
    def test_hear_english_whatever_the_browser_asks(self, office: Client) -> None:
        office.cookies.load(HINDI)

        answer = office.get("/api/v3/bags/SB99999", headers={"Accept-Language": "hi"})

        assert answer.json()["detail"] == "There is no bag SB99999 here."
        assert "Accept-Language" not in answer["Vary"]
        assert 'lang="en' in office.get("/admin/login/?next=/admin/", follow=True).content.decode()


class TestTheCatalogue:
    def test_lists_every_text_that_pages_show_and_no_other(self) -> None:
        listed = {(message.id, message.context) for message in catalogue.kept() if message.id}

        assert listed == catalogue.wanted(), "`make messages` brings the list up to date."

    def test_leaves_nothing_of_it_untranslated(self) -> None:
        lines = [message for message in catalogue.kept() if message.id]

        assert [m.id for m in lines if m.fuzzy or not all(_texts(m.string))] == []

    def test_keeps_every_place_where_something_is_filled_in(self) -> None:
        lines = [message for message in catalogue.kept() if message.id]

        wrong = [m.id for m in lines if _places(_texts(m.string)[-1]) != _places(_texts(m.id)[-1])]
        assert wrong == []

    def test_is_compiled_as_it_is_written(self) -> None:
        assert catalogue.MO.read_bytes() == catalogue.compiled(catalogue.kept())


def _texts(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _places(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]|\{\w+\}|%%", text))
