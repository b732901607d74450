"""Triggers check the references of the ledger, as foreign keys would."""

from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, NotSupportedError, connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from bags.models import Area, Bag, BagType
from scans.models import Scan
from tests.concurrency import run_concurrently
from tests.factories import create_reference_data, make_area, make_parent, make_user, scan

UNKNOWN_ID = 2**40
REFERENCES = "references"


@pytest.fixture
def ben(db):
    create_reference_data()
    ben = make_user("ben", Role.OFFICE)
    make_parent("SB10001", children=2)
    return ben


def row(ben, **keys):
    """Return an unsaved scan."""
    now = timezone.now()
    bag, area = Bag.objects.get(code="SB10001"), Area.objects.get(code="lucknow")
    _prepare = {"bag_id": bag.pk, "actor_id": ben.pk, "area_id": area.pk, "step": "inspect"} | keys
    return Scan(ref=uuid4(), outcome="applied", scanned_at=now, recorded_at=now, **_prepare)


def run(statements):
    with connection.cursor() as cursor:
        cursor.execute(statements)


class TestInsertedScan:
    @pytest.mark.parametrize(
        "key", ["bag", "parent", "was_parent", "area", "was_area", "was_bound_for", "actor"]
    )
    def test_cannot_reference_a_missing_row(self, ben, key):
        with pytest.raises(IntegrityError, match=REFERENCES), transaction.atomic():
            row(ben, **{f"{key}_id": UNKNOWN_ID}).save()

    def test_cannot_undo_a_missing_scan(self, ben):
        with pytest.raises(IntegrityError, match=REFERENCES), transaction.atomic():
            row(ben, step="undo", undoes_id=UNKNOWN_ID).save()

    def test_is_refused_among_valid_rows(self, ben):
        many = [row(ben) for _ in range(50)] + [row(ben, bag_id=UNKNOWN_ID)]

        with pytest.raises(IntegrityError, match=REFERENCES), transaction.atomic():
            Scan.objects.bulk_create(many)

    def test_is_checked_during_maintenance(self, ben):
        run("SET LOCAL tracetrack.maintenance = 'on'")

        with pytest.raises(IntegrityError, match=REFERENCES), transaction.atomic():
            run(f"UPDATE scans_scan SET actor_id = {UNKNOWN_ID}")

    @pytest.mark.django_db(transaction=True)
    def test_is_refused_outside_read_committed(self, ben):
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
                row(ben).save()


class TestReferencedRow:
    @pytest.mark.parametrize("table", ["bags_bag", "bags_area", "accounts_user"])
    @pytest.mark.parametrize(
        "statement", ["DELETE FROM {}", "UPDATE {} SET id = id + 1000000", "TRUNCATE {} CASCADE"]
    )
    def test_cannot_be_deleted_or_renumbered(self, ben, table, statement):
        with pytest.raises(IntegrityError), transaction.atomic():
            run(f"SET CONSTRAINTS ALL IMMEDIATE; {statement.format(table)}")

    def test_cannot_be_deleted_if_only_the_ledger_references_it(self, ben):
        """No bag is in this row_object and it is in no other."""
        scan(ben, "register", "SB10002")

        with pytest.raises(IntegrityError, match=REFERENCES), transaction.atomic():
            Bag.objects.filter(code="SB10002")._raw_delete("default")

    def test_can_be_deleted_if_the_ledger_does_not_reference_it(self, ben):
        area, person = make_area("nowhere"), make_user("nobody", Role.VIEWER)

        Area.objects.filter(pk=area.pk)._raw_delete("default")
        User.objects.filter(pk=person.pk)._raw_delete("default")

        assert not Area.objects.filter(code="nowhere").exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        "statement", ["DELETE FROM accounts_user", "TRUNCATE bags_bag CASCADE"]
    )
    def test_cannot_be_deleted_outside_read_committed(self, ben, statement):
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
                run(statement)


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    @pytest.mark.parametrize(
        ("key", "make_row"),
        [
            ("bag_id", lambda: Bag.objects.get(code="CB000000001")),
            ("area_id", lambda: make_area("nowhere")),
            ("actor_id", lambda: make_user("nobody", Role.VIEWER)),
        ],
    )
    def test_a_row_is_either_referenced_or_deleted(self, key, make_row):
        ben, before = self._prepare()
        row_object = make_row()
        rows = type(row_object).objects.filter(pk=row_object.pk)

        results = self._race(ben, rows, {key: row_object.pk})

        inserted = Scan.objects.count() - before
        assert (rows.exists(), inserted) in [(True, 7), (False, 0)]
        assert results.count("refused") == (1 if inserted else 7)

    def _prepare(self):
        """Return a user and the number of scans, after creating a bag without scans."""
        create_reference_data()
        ben = make_user("ben", Role.OFFICE)
        scan(ben, "register", "SB10001")
        mustard, area = BagType.objects.get(name="mustard"), Area.objects.get(code="lucknow")
        Bag.objects.create(
            code="CB000000001", kind="child", bag_type=mustard, area=area, state="loose", weight=1
        )
        return ben, Scan.objects.count()

    def _race(self, ben, rows, keys):
        """Return the results of seven concurrent inserts and a deletion of the referenced row."""

        def attempt(work):
            try:
                with transaction.atomic():
                    work()
            except IntegrityError:
                return "refused"

        def delete():
            rows._raw_delete("default")

        def insert():
            row(ben, **keys).save()

        return run_concurrently([partial(attempt, work) for work in (delete, *[insert] * 7)])
