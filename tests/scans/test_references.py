"""What the ledger speaks of exists, and stays: what foreign keys would promise, by one trigger."""

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

NOBODY = 2**40
KEY = "references"


@pytest.fixture
def ben(db):
    create_reference_data()
    ben = make_user("ben", Role.OFFICE)
    make_parent("SB10001", children=2)
    return ben


def row(ben, **keys):
    """A scan that was never recorded."""
    now = timezone.now()
    bag, area = Bag.objects.get(code="SB10001"), Area.objects.get(code="lucknow")
    given = {"bag_id": bag.pk, "actor_id": ben.pk, "area_id": area.pk, "step": "inspect"} | keys
    return Scan(ref=uuid4(), outcome="applied", scanned_at=now, recorded_at=now, **given)


def run(statements):
    with connection.cursor() as cursor:
        cursor.execute(statements)


class TestAScan:
    @pytest.mark.parametrize(
        "key", ["bag", "parent", "was_parent", "area", "was_area", "was_bound_for", "actor"]
    )
    def test_cannot_speak_of_what_there_is_not(self, ben, key):
        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            row(ben, **{f"{key}_id": NOBODY}).save()

    def test_cannot_undo_what_never_happened(self, ben):
        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            row(ben, step="undo", undoes_id=NOBODY).save()

    def test_is_refused_among_many_that_are_right(self, ben):
        many = [row(ben) for _ in range(50)] + [row(ben, bag_id=NOBODY)]

        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            Scan.objects.bulk_create(many)

    def test_cannot_be_made_to_by_maintenance(self, ben):
        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            run(
                f"SET LOCAL tracetrack.maintenance = 'on';UPDATE scans_scan SET actor_id = {NOBODY}"
            )

    @pytest.mark.django_db(transaction=True)
    def test_is_written_only_where_each_question_sees_what_is_there(self, ben):
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
                row(ben).save()


class TestWhatTheLedgerSpeaksOf:
    @pytest.mark.parametrize("table", ["bags_bag", "bags_area", "accounts_user"])
    @pytest.mark.parametrize(
        "statement", ["DELETE FROM {}", "UPDATE {} SET id = id + 1000000", "TRUNCATE {} CASCADE"]
    )
    def test_stays(self, ben, table, statement):
        with pytest.raises(IntegrityError), transaction.atomic():
            run(f"SET CONSTRAINTS ALL IMMEDIATE; {statement.format(table)}")

    def test_stays_though_nothing_else_holds_it(self, ben):
        """A bag that lies in nothing and holds nothing: only the ledger knows it."""
        scan(ben, "register", "SB10002")

        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            Bag.objects.filter(code="SB10002")._raw_delete("default")

    def test_leaves_alone_what_it_does_not_speak_of(self, ben):
        area, person = make_area("nowhere"), make_user("nobody", Role.VIEWER)

        Area.objects.filter(pk=area.pk)._raw_delete("default")
        User.objects.filter(pk=person.pk)._raw_delete("default")

        assert not Area.objects.filter(code="nowhere").exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        "statement", ["DELETE FROM accounts_user", "TRUNCATE bags_bag CASCADE"]
    )
    def test_goes_only_where_each_question_sees_what_is_there(self, ben, statement):
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
                run(statement)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    @pytest.mark.parametrize(
        ("key", "made"),
        [
            ("bag_id", lambda: Bag.objects.get(code="CB000000001")),
            ("area_id", lambda: make_area("nowhere")),
            ("actor_id", lambda: make_user("nobody", Role.VIEWER)),
        ],
    )
    def test_what_is_there_is_scanned_or_deleted_never_both(self, key, made):
        ben, there = self.given()
        one = made()
        rows = type(one).objects.filter(pk=one.pk)

        told = self.raced(ben, rows, {key: one.pk})

        seen = Scan.objects.count() - there
        assert (rows.exists(), seen) in [(True, 7), (False, 0)]
        assert told.count("refused") == (1 if seen else 7)

    def given(self):
        """Somebody who scans, how many scans there are, and a bag that none of them speaks of."""
        create_reference_data()
        ben = make_user("ben", Role.OFFICE)
        scan(ben, "register", "SB10001")
        mustard, area = BagType.objects.get(name="mustard"), Area.objects.get(code="lucknow")
        Bag.objects.create(
            code="CB000000001", kind="child", bag_type=mustard, area=area, state="loose", weight=1
        )
        return ben, Scan.objects.count()

    def raced(self, ben, to_go, keys):
        """What became of seven scans that speak of something, and of its deletion meanwhile."""

        def act(work):
            try:
                with transaction.atomic():
                    work()
            except IntegrityError:
                return "refused"

        def delete():
            to_go._raw_delete("default")

        def look():
            row(ben, **keys).save()

        return run_concurrently([partial(act, work) for work in (delete, *[look] * 7)])
