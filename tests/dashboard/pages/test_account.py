"""The account page: change of the password."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEntry

OLD, NEW = "a-long-password", "quite-another-one-9"

pytestmark = pytest.mark.usefixtures("small_site")


@pytest.fixture
def client(sign_in: Callable[..., Client]) -> Client:
    return sign_in(Role.OFFICE, password=OLD)


def change_password(client: Client, old: str) -> int:
    """Submit the form; return the status of the page that follows."""
    form = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return client.post("/account", form, follow=True).status_code


class TestChangeOfPassword:
    def test_keeps_session(self, client: Client) -> None:
        assert change_password(client, OLD) == 200

        assert User.objects.get(username="one-office").check_password(NEW)
        assert AuditEntry.objects.filter(action="user.password-changed").count() == 1

    def test_needs_old_password(self, client: Client) -> None:
        assert change_password(client, "wrong") == 400

        assert User.objects.get(username="one-office").check_password(OLD)

    def test_limits_attempts(self, client: Client) -> None:
        statuses = [change_password(client, "wrong") for _ in range(11)]

        assert statuses == [400] * 10 + [429]
