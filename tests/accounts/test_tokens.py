"""API tokens: creation, authentication, revocation."""

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


def get_scans(token, scheme="Bearer"):
    return Client().get("/api/v3/scans", headers={"Authorization": f"{scheme} {token}"})


class TestNewToken:
    def test_has_256_random_bits(self, ines):
        first, second = issue_token(ines, "erp"), issue_token(ines, "erp")

        assert first != second
        assert first.startswith("tt_")
        assert len(first) == 3 + 43

    def test_is_stored_as_a_digest(self, ines):
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

    def test_is_found_with_its_user_in_one_query(self, ines):
        plain = issue_token(ines, "erp")

        with CaptureQueriesContext(connection) as queries:
            found = find_token(plain, now=timezone.now())

        assert len(queries) == 1
        row, person = ApiToken.objects.get(), User.objects.get(username="ines")
        # Fields that no API response contains are deferred.
        assert found.get_deferred_fields() == {"digest", "created_at", "revoked_at"}
        assert found.user.get_deferred_fields() == {"password", "last_login", "date_joined"}
        for found_row, row_in_table in ((found, row), (found.user, person)):
            for column in found_row._meta.concrete_fields:
                assert getattr(found_row, column.attname) == getattr(row_in_table, column.attname)

    def test_authenticates_its_user(self, ines):
        assert get_scans(issue_token(ines, "erp")).status_code == 200
        assert get_scans(issue_token(ines, "erp"), "bearer").status_code == 200


class TestInvalidToken:
    def is_rejected(self, token, scheme="Bearer"):
        response = get_scans(token, scheme)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="tracetrack"'
        return response.json()["code"] == "not-signed-in"

    def test_revoked(self, ines, ada):
        plain = issue_token(ines, "erp")
        assert get_scans(plain).status_code == 200

        revoke_token(ApiToken.objects.get(), actor=ada)

        assert self.is_rejected(plain)
        assert AuditEntry.objects.get(action="token.revoked").actor == ada

    def test_revoking_again_changes_nothing(self, ines, ada):
        issue_token(ines, "erp")
        revoke_token(ApiToken.objects.get(), actor=ada)
        first = ApiToken.objects.get().revoked_at

        revoke_token(ApiToken.objects.get(), actor=ada)

        assert ApiToken.objects.get().revoked_at == first
        assert AuditEntry.objects.filter(action="token.revoked").count() == 1

    def test_expired(self, ines):
        now = timezone.now()
        plain = issue_token(ines, "erp", now + timedelta(hours=1))
        assert get_scans(plain).status_code == 200

        with time_machine.travel(now + timedelta(hours=1, seconds=1)):
            assert self.is_rejected(plain)

    def test_of_an_inactive_user(self, ines):
        plain = issue_token(ines, "erp")
        ines.is_active = False
        ines.save()

        assert self.is_rejected(plain)

    @pytest.mark.parametrize(
        "wrong", ["", "x", "tt_", "tt_" + "a" * 43, "tt_" + "\xff" * 43, "a b", "tt_" + "a" * 9000]
    )
    def test_unknown(self, ines, wrong):
        assert self.is_rejected(wrong)

    def test_in_another_case_or_scheme(self, ines):
        plain = issue_token(ines, "erp")

        assert self.is_rejected(plain.swapcase())
        assert self.is_rejected(plain, "Basic")
        assert self.is_rejected(plain, "Token")

    def test_digest_instead_of_the_token(self, ines):
        issue_token(ines, "erp")

        assert self.is_rejected(ApiToken.objects.get().digest)


class TestUsedAt:
    def test_is_updated_once_a_minute(self, ines):
        plain, start = issue_token(ines, "erp"), timezone.now()
        with time_machine.travel(start, tick=False):
            get_scans(plain)
            first = ApiToken.objects.get().used_at
        with time_machine.travel(start + timedelta(seconds=59), tick=False):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                get_scans(plain)
            same = ApiToken.objects.get().used_at
        with time_machine.travel(start + timedelta(seconds=60), tick=False):
            get_scans(plain)
            later = ApiToken.objects.get().used_at

        assert first == same == start
        assert not any("UPDATE" in query["sql"] for query in queries)
        assert later == start + timedelta(seconds=60)
