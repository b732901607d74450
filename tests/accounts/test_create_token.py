"""`manage.py create_token`, with which a deployed site gets its first token."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.authentication import find_token
from accounts.models import ApiToken
from accounts.roles import Role
from audit.models import AuditEntry
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def press():
    return make_user("press", Role.INTEGRATOR)


def issue(*arguments):
    """Run the command; return its output."""
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


class TestCommand:
    def test_prints_a_valid_token_and_nothing_else(self, press):
        printed = issue("press", " gate 2 ")

        token = find_token(printed.removesuffix("\n"), now=timezone.now())
        assert token is not None
        assert (token.user, token.name, token.expires_at) == (press, "gate 2", None)
        assert AuditEntry.objects.get().action == "token.issued"

    def test_the_token_expires_after_the_days(self, press):
        plain = issue("press", "gate 2", "--days", "30").strip()

        now = timezone.now()
        assert find_token(plain, now=now + timedelta(days=29)) is not None
        assert find_token(plain, now=now + timedelta(days=30, seconds=1)) is None

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["nobody", "x"], "There is no active account 'nobody'."),
            (["gone", "x"], "There is no active account 'gone'."),
            (["press", " "], "between 1 and 64 characters"),
            (["press", "x" * 65], "between 1 and 64 characters"),
            (["press", "x", "--days", "0"], "--days is between 1 and 3650."),
            (["press", "x", "--days", "99999999999"], "--days is between 1 and 3650."),
        ],
    )
    def test_reports_invalid_arguments(self, press, arguments, message):
        gone = make_user("gone", Role.INTEGRATOR)
        gone.is_active = False
        gone.save()

        with pytest.raises(CommandError, match=message):
            issue(*arguments)

        assert not ApiToken.objects.exists()
