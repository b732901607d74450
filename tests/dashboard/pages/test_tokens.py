"""The page of the user's tokens."""

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


def displayed_token(response):
    match = re.search(r'id="plain-token">(tt_[\w-]+)<', response.content.decode())
    return match[1] if match else None


class TestTokens:
    @pytest.mark.parametrize("path", [PAGE, f"{PAGE}/make", f"{PAGE}/1/revoke"])
    def test_redirect_anonymous_users_to_log_in(self, path):
        client = Client()

        response = client.get(path) if path == PAGE else client.post(path)

        assert (response.status_code, response.url.split("?")[0]) == (302, "/login")

    @pytest.mark.parametrize("role", Role.values)
    def test_are_shown_to_every_role(self, role):
        client = Client()
        client.force_login(make_user("one", role))

        response = client.get(PAGE)

        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]

    def test_new_token_is_shown_once(self, browser):
        plain = displayed_token(browser.post(f"{PAGE}/make", FORM))

        token = ApiToken.objects.get()
        assert plain.startswith(token.prefix)
        assert token.scopes == ["read", "scan"]
        assert token.networks == ["10.0.0.7/32", "::1/128"]
        assert (token.expires_at - token.created_at).days in (29, 30)
        again = browser.get(PAGE).content.decode()
        assert token.prefix in again
        assert plain not in again

    @pytest.mark.parametrize(
        "invalid",
        [{"name": ""}, {"name": "\0"}, {"scopes": []}, {"scopes": ["all"]}, {"networks": "x"}],
    )
    def test_invalid_form_keeps_input(self, browser, invalid):
        response = browser.post(f"{PAGE}/make", FORM | {"name": "till 7"} | invalid)

        assert response.status_code == 400
        assert 'role="alert"' in response.content.decode()
        if "name" not in invalid:
            assert 'value="till 7"' in response.content.decode()
        assert not ApiToken.objects.exists()

    def test_are_rotated_and_revoked(self, browser, asha):
        issue_token(asha, "gate")
        number = ApiToken.objects.get().pk

        assert displayed_token(browser.post(f"{PAGE}/{number}/rotate"))
        successor = ApiToken.objects.get(revoked_at=None)
        response = browser.post(f"{PAGE}/{successor.pk}/revoke", follow=True)

        assert f"({successor.prefix}…) is revoked." in response.content.decode()
        assert not ApiToken.objects.filter(revoked_at=None).exists()

    def test_of_other_users_cannot_be_changed(self, browser):
        issue_token(make_user("olive", Role.OFFICE), "theirs")
        number = ApiToken.objects.get().pk

        assert browser.post(f"{PAGE}/{number}/revoke").status_code == 404
        browser.post(f"{PAGE}/{number}/rotate")
        assert ApiToken.objects.get().revoked_at is None
        assert "theirs" not in browser.get(PAGE).content.decode()

    def test_change_needs_post_and_csrf_token(self, browser, asha):
        issue_token(asha, "gate")
        path = f"{PAGE}/{ApiToken.objects.get().pk}/revoke"
        foreign_client = Client(enforce_csrf_checks=True)
        foreign_client.force_login(asha)

        assert browser.get(path).status_code == 405
        assert foreign_client.post(path).status_code == 403
        assert ApiToken.objects.get().revoked_at is None
