"""The life of an API token: shown once, kept as a hash, used, revoked."""

from datetime import timedelta
from hashlib import sha256

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.authentication import find_token
from accounts.models import ApiToken, User
from accounts.tokens import issue_token, revoke_token
from audit.models import AuditEntry
from tests.factories import create_reference_data, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines():
    create_reference_data()
    return make_user("ines", "integrator")


@pytest.fixture
def ada():
    return make_user("ada", "administrator")


def ask(token, scheme="Bearer"):
    return Client().get("/api/v3/scans", headers={"Authorization": f"{scheme} {token}"})


class TestANewToken:
    def test_carries_256_random_bits(self, ines):
        first, second = issue_token(ines, "erp"), issue_token(ines, "erp")

        assert first != second
        assert first.startswith("tt_")
        assert len(first) == 3 + 43

    def test_is_kept_as_a_hash_only(self, ines):
        plain = issue_token(ines, "erp")

        row = ApiToken.objects.values().get()
        assert row["digest"] == sha256(plain.encode()).hexdigest()
        assert row["prefix"] == plain[:11]
        assert not any(plain[11:] in str(value) for value in row.values())

    def test_is_audited_without_its_secret(self, ines, ada):
        plain = issue_token(ines, "erp", actor=ada)

        entry = AuditEntry.objects.get(action="token.issued")
        assert (entry.actor, entry.subject) == (ada, f"token {plain[:11]}")
        assert entry.facts["user"] == "ines"
        assert plain[11:] not in str(entry.facts)

    def test_is_read_with_its_user_in_one_question(self, ines):
        plain = issue_token(ines, "erp")

        with CaptureQueriesContext(connection) as queries:
            found = find_token(plain, now=timezone.now())

        assert len(queries) == 1
        row, person = ApiToken.objects.get(), User.objects.get(username="ines")
        # What no answer to a program says is fetched when it is asked for.
        assert found.get_deferred_fields() == {"digest", "created_at", "revoked_at"}
        assert found.user.get_deferred_fields() == {"password", "last_login", "date_joined"}
        for ours, theirs in ((found, row), (found.user, person)):
            for column in ours._meta.concrete_fields:
                assert getattr(ours, column.attname) == getattr(theirs, column.attname)

    def test_opens_the_api_for_its_user(self, ines):
        assert ask(issue_token(ines, "erp")).status_code == 200
        assert ask(issue_token(ines, "erp"), "bearer").status_code == 200


class TestATokenThatIsNoGood:
    def refused(self, token, scheme="Bearer"):
        answer = ask(token, scheme)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == 'Bearer realm="tracetrack"'
        return answer.json()["code"] == "not-signed-in"

    def test_is_refused_from_the_moment_it_is_revoked(self, ines, ada):
        plain = issue_token(ines, "erp")
        assert ask(plain).status_code == 200

        revoke_token(ApiToken.objects.get(), actor=ada)

        assert self.refused(plain)
        assert AuditEntry.objects.get(action="token.revoked").actor == ada

    def test_is_revoked_once(self, ines, ada):
        issue_token(ines, "erp")
        revoke_token(ApiToken.objects.get(), actor=ada)
        first = ApiToken.objects.get().revoked_at

        revoke_token(ApiToken.objects.get(), actor=ada)

        assert ApiToken.objects.get().revoked_at == first
        assert AuditEntry.objects.filter(action="token.revoked").count() == 1

    def test_is_refused_when_its_time_is_over(self, ines):
        now = timezone.now()
        plain = issue_token(ines, "erp", now + timedelta(hours=1))
        assert ask(plain).status_code == 200

        with time_machine.travel(now + timedelta(hours=1, seconds=1)):
            assert self.refused(plain)

    def test_is_refused_when_its_user_is_switched_off(self, ines):
        plain = issue_token(ines, "erp")
        ines.is_active = False
        ines.save()

        assert self.refused(plain)

    @pytest.mark.parametrize(
        "wrong", ["", "x", "tt_", "tt_" + "a" * 43, "tt_" + "\xff" * 43, "a b", "tt_" + "a" * 9000]
    )
    def test_is_refused_when_nobody_issued_it(self, ines, wrong):
        assert self.refused(wrong)

    def test_is_refused_in_another_letter_case_or_scheme(self, ines):
        plain = issue_token(ines, "erp")

        assert self.refused(plain.swapcase())
        assert self.refused(plain, "Basic")
        assert self.refused(plain, "Token")

    def test_is_refused_by_its_hash(self, ines):
        issue_token(ines, "erp")

        assert self.refused(ApiToken.objects.get().digest)


class TestTheUseOfAToken:
    def test_is_noted_once_a_minute(self, ines):
        plain, start = issue_token(ines, "erp"), timezone.now()
        with time_machine.travel(start, tick=False):
            ask(plain)
            first = ApiToken.objects.get().used_at
        with time_machine.travel(start + timedelta(seconds=59), tick=False):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                ask(plain)
            same = ApiToken.objects.get().used_at
        with time_machine.travel(start + timedelta(seconds=60), tick=False):
            ask(plain)
            later = ApiToken.objects.get().used_at

        assert first == same == start
        assert not any("UPDATE" in query["sql"] for query in queries)
        assert later == start + timedelta(seconds=60)
