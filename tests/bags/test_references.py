"""Triggers that replace the foreign keys of bags: referenced rows exist and are not deleted."""

from functools import partial

import pytest
from django.db import IntegrityError, NotSupportedError, connection, transaction

from bags.models import Area, Bag, BagType
from tests.concurrency import run_concurrently
from tests.factories import create_reference_data, make_area

MISSING_ID = 2**40
REFERENCE_ERROR = "reference|id of an area or a bag type cannot be changed"


@pytest.fixture
def mustard(db):
    create_reference_data()
    return BagType.objects.get(name="mustard")


def bag(mustard, code="CB000000001", **keys):
    """Return a child that no scan registered."""
    area = Area.objects.get(code="lucknow")
    fields = {"bag_type_id": mustard.pk, "area_id": area.pk} | keys
    return Bag(code=code, kind="child", state="loose", weight=1, **fields)


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


class TestBagReferences:
    @pytest.mark.parametrize("key", ["area_id", "bag_type_id"])
    def test_must_exist(self, mustard, key):
        with pytest.raises(IntegrityError, match=REFERENCE_ERROR), transaction.atomic():
            bag(mustard, **{key: MISSING_ID}).save()

    def test_destination_must_exist(self, mustard):
        with pytest.raises(IntegrityError, match=REFERENCE_ERROR), transaction.atomic():
            Bag.objects.create(
                code="SB10001", kind="parent", bag_type=mustard, state="dispatched", capacity=30,
                area=Area.objects.get(code="lucknow"), bound_for_id=MISSING_ID,
            )  # fmt: skip

    @pytest.mark.parametrize("key", ["area_id", "bag_type_id"])
    def test_must_exist_after_an_update(self, mustard, key):
        bag(mustard).save()

        with pytest.raises(IntegrityError, match=REFERENCE_ERROR), transaction.atomic():
            Bag.objects.update(**{key: MISSING_ID})

    def test_are_checked_for_each_row_of_a_statement(self, mustard):
        many = [bag(mustard, f"CB{n:09d}") for n in range(100, 150)]

        with pytest.raises(IntegrityError, match=REFERENCE_ERROR), transaction.atomic():
            Bag.objects.bulk_create([*many, bag(mustard, area_id=MISSING_ID)])

    @pytest.mark.django_db(transaction=True)
    def test_need_read_committed(self, mustard):
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
                bag(mustard).save()


class TestReferencedRow:
    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM bags_area",
            "DELETE FROM bags_bagtype",
            "UPDATE bags_area SET id = id + 1000000",
            "UPDATE bags_bagtype SET id = id + 1000000",
            # TRUNCATE ... CASCADE of the types truncates batches and bags as well.
            "TRUNCATE bags_area CASCADE",
        ],
    )
    def test_cannot_be_deleted(self, mustard, statement):
        bag(mustard).save()

        with pytest.raises(IntegrityError, match=REFERENCE_ERROR), transaction.atomic():
            run(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")

    def test_that_is_a_destination_cannot_be_deleted(self, mustard):
        there = make_area("nowhere")
        Bag.objects.create(
            code="SB10001", kind="parent", bag_type=mustard, state="dispatched", capacity=30,
            area=Area.objects.get(code="lucknow"), bound_for=there,
        )  # fmt: skip

        with pytest.raises(IntegrityError, match=REFERENCE_ERROR), transaction.atomic():
            Area.objects.filter(pk=there.pk)._raw_delete("default")

    def test_can_be_deleted_without_references(self, mustard):
        bag(mustard).save()
        area = make_area("nowhere")
        other = BagType.objects.create(name="rice", parent_pattern="RB9", child_pattern="RC9")

        Area.objects.filter(pk=area.pk)._raw_delete("default")
        BagType.objects.filter(pk=other.pk)._raw_delete("default")

        assert not Area.objects.filter(code="nowhere").exists()
        assert not BagType.objects.filter(name="rice").exists()


@pytest.mark.django_db(transaction=True)
class TestOldSnapshot:
    @pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
    @pytest.mark.parametrize(
        "statement",
        ["DELETE FROM bags_area", "DELETE FROM bags_bagtype", "TRUNCATE bags_area CASCADE"],
    )
    def test_cannot_delete(self, mustard, level, statement):
        """A snapshot from before does not contain the bag that another session registers."""
        with transaction.atomic():
            run(f"SET TRANSACTION ISOLATION LEVEL {level}")
            with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
                run(statement)


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    @pytest.mark.parametrize("key", ["area", "bag_type"])
    def test_a_row_is_either_referenced_or_deleted(self, mustard, key):
        one = (
            make_area("nowhere")
            if key == "area"
            else BagType.objects.create(name="rice", parent_pattern="RB9", child_pattern="RC9")
        )
        rows = type(one).objects.filter(pk=one.pk)

        def act(work):
            try:
                with transaction.atomic():
                    work()
            except IntegrityError:
                return "refused"

        def register(n):
            bag(mustard, f"CB{n:09d}", **{f"{key}_id": one.pk}).save()

        calls = [lambda: rows._raw_delete("default"), *[partial(register, n) for n in range(7)]]
        results = run_concurrently([partial(act, work) for work in calls])

        bags = Bag.objects.count()
        assert (rows.exists(), bags) in [(True, 7), (False, 0)]
        assert results.count("refused") == (1 if bags else 7)
