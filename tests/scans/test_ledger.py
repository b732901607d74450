"""The database refuses changes of the ledger and the audit log."""

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.roles import Role
from audit import log
from audit.models import AuditEntry
from scans.models import Scan
from tests.factories import create_reference_data, make_parent, make_user

TABLES = ["scans_scan", "audit_auditentry"]


@pytest.fixture
def user(transactional_db):
    create_reference_data()
    ben = make_user("ben", Role.OFFICE)
    make_parent("SB10001", children=1)
    log.add_entry(actor=ben, action="batch.held", subject="batch LOT-1", facts={})
    return ben


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", TABLES)
class TestAppendOnlyTable:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {} SET id = id",
            "DELETE FROM {}",
            "TRUNCATE {} CASCADE",
            "DELETE FROM {} WHERE false",
        ],
    )
    def test_refuses_every_change(self, user, table, statement):
        with pytest.raises(IntegrityError, match="append-only"):
            run(statement.format(table))

        assert Scan.objects.count() == 3
        assert AuditEntry.objects.count() == 1

    def test_allows_changes_in_a_maintenance_transaction(self, user, table):
        run(f"SET LOCAL tracetrack.maintenance = 'on'; DELETE FROM {table}")

        with pytest.raises(IntegrityError, match="append-only"):
            run(f"DELETE FROM {table}")


class TestAuditLog:
    def test_keeps_the_name_of_the_actor(self, user):
        user.username = "renamed"
        user.save()

        assert AuditEntry.objects.get().actor_name == "ben"
