"""The page of one's own tokens."""

import re

import pytest
from django.test import Client

from accounts.models import ApiToken
from accounts.roles import Role
from accounts.tokens import issue_token
from tests.factories import make_user

PAGE = "/account/tokens"
FORM = {"name": "gate 2", "scopes": ["read", "scan"], "days": "30", "networks": "10.0.0.7, ::1"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha():
    return make_user("asha", Role.OPERATOR)


@pytest.fixture
def browser(asha):
    client = Client()
    client.force_login(asha)
    return client


def shown(answer):
    found = re.search(r'id="plain-token">(tt_[\w-]+)<', answer.content.decode())
    return found[1] if found else None


class TestThePage:
    @pytest.mark.parametrize("path", [PAGE, f"{PAGE}/make", f"{PAGE}/1/revoke"])
    def test_asks_a_stranger_to_log_in(self, path):
        client = Client()

        answer = client.get(path) if path == PAGE else client.post(path)

        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/login")

    @pytest.mark.parametrize("role", Role.values)
    def test_is_there_for_every_role(self, role):
        client = Client()
        client.force_login(make_user("one", role))

        answer = client.get(PAGE)

        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]

    def test_shows_a_new_token_once(self, browser):
        plain = shown(browser.post(f"{PAGE}/make", FORM))

        token = ApiToken.objects.get()
        assert plain.startswith(token.prefix)
        assert token.scopes == ["read", "scan"]
        assert token.networks == ["10.0.0.7/32", "::1/128"]
        assert (token.expires_at - token.created_at).days in (29, 30)
        again = browser.get(PAGE).content.decode()
        assert token.prefix in again
        assert plain not in again

    @pytest.mark.parametrize(
        "wrong",
        [{"name": ""}, {"name": "\0"}, {"scopes": []}, {"scopes": ["all"]}, {"networks": "x"}],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(self, browser, wrong):
        answer = browser.post(f"{PAGE}/make", FORM | {"name": "till 7"} | wrong)

        assert answer.status_code == 400
        assert 'role="alert"' in answer.content.decode()
        if "name" not in wrong:
            assert 'value="till 7"' in answer.content.decode()
        assert not ApiToken.objects.exists()

    def test_rotates_and_revokes(self, browser, asha):
        issue_token(asha, "gate")
        number = ApiToken.objects.get().pk

        assert shown(browser.post(f"{PAGE}/{number}/rotate"))
        successor = ApiToken.objects.get(revoked_at=None)
        answer = browser.post(f"{PAGE}/{successor.pk}/revoke", follow=True)

        assert f"({successor.prefix}…) is revoked." in answer.content.decode()
        assert not ApiToken.objects.filter(revoked_at=None).exists()

    def test_leaves_the_tokens_of_others_alone(self, browser):
        issue_token(make_user("olive", Role.OFFICE), "theirs")
        number = ApiToken.objects.get().pk

        assert browser.post(f"{PAGE}/{number}/revoke").status_code == 404
        browser.post(f"{PAGE}/{number}/rotate")
        assert ApiToken.objects.get().revoked_at is None
        assert "theirs" not in browser.get(PAGE).content.decode()

    def test_changes_nothing_by_get_or_from_another_site(self, browser, asha):
        issue_token(asha, "gate")
        path = f"{PAGE}/{ApiToken.objects.get().pk}/revoke"
        stranger = Client(enforce_csrf_checks=True)
        stranger.force_login(asha)

        assert browser.get(path).status_code == 405
        assert stranger.post(path).status_code == 403
        assert ApiToken.objects.get().revoked_at is None
