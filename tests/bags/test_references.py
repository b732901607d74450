"""Areas and types that bags speak of exist, and stay: what foreign keys would promise, unlocked."""

from functools import partial

import pytest
from django.db import IntegrityError, NotSupportedError, connection, transaction

from bags.models import Area, Bag, BagType
from tests.concurrency import run_concurrently
from tests.factories import create_reference_data, make_area

NOWHERE = 2**40
KEY = "speak"


@pytest.fixture
def mustard(db):
    create_reference_data()
    return BagType.objects.get(name="mustard")


def bag(mustard, code="CB000000001", **keys):
    """A child that was never registered."""
    area = Area.objects.get(code="lucknow")
    given = {"bag_type_id": mustard.pk, "area_id": area.pk} | keys
    return Bag(code=code, kind="child", state="loose", weight=1, **given)


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


class TestABag:
    @pytest.mark.parametrize("key", ["area_id", "bag_type_id"])
    def test_cannot_speak_of_what_there_is_not(self, mustard, key):
        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            bag(mustard, **{key: NOWHERE}).save()

    def test_cannot_be_on_its_way_to_nowhere(self, mustard):
        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            Bag.objects.create(
                code="SB10001", kind="parent", bag_type=mustard, state="dispatched", capacity=30,
                area=Area.objects.get(code="lucknow"), bound_for_id=NOWHERE,
            )  # fmt: skip

    @pytest.mark.parametrize("key", ["area_id", "bag_type_id"])
    def test_cannot_be_moved_there(self, mustard, key):
        bag(mustard).save()

        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            Bag.objects.update(**{key: NOWHERE})

    def test_is_refused_among_many_that_are_right(self, mustard):
        many = [bag(mustard, f"CB{n:09d}") for n in range(100, 150)]

        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            Bag.objects.bulk_create([*many, bag(mustard, area_id=NOWHERE)])

    @pytest.mark.django_db(transaction=True)
    def test_is_written_only_where_each_question_sees_what_is_there(self, mustard):
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
                bag(mustard).save()


class TestWhatBagsSpeakOf:
    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM bags_area",
            "DELETE FROM bags_bagtype",
            "UPDATE bags_area SET id = id + 1000000",
            "UPDATE bags_bagtype SET id = id + 1000000",
            # With the types go the batches, and with them the bags themselves.
            "TRUNCATE bags_area CASCADE",
        ],
    )
    def test_stays(self, mustard, statement):
        bag(mustard).save()

        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            run(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")

    def test_stays_though_a_bag_is_only_on_its_way_there(self, mustard):
        there = make_area("nowhere")
        Bag.objects.create(
            code="SB10001", kind="parent", bag_type=mustard, state="dispatched", capacity=30,
            area=Area.objects.get(code="lucknow"), bound_for=there,
        )  # fmt: skip

        with pytest.raises(IntegrityError, match=KEY), transaction.atomic():
            Area.objects.filter(pk=there.pk)._raw_delete("default")

    def test_goes_where_no_bag_speaks_of_it(self, mustard):
        bag(mustard).save()
        area = make_area("nowhere")
        other = BagType.objects.create(name="rice", parent_pattern="RB9", child_pattern="RC9")

        Area.objects.filter(pk=area.pk)._raw_delete("default")
        BagType.objects.filter(pk=other.pk)._raw_delete("default")

        assert not Area.objects.filter(code="nowhere").exists()
        assert not BagType.objects.filter(name="rice").exists()


@pytest.mark.django_db(transaction=True)
class TestAnOlderViewOfThings:
    @pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
    @pytest.mark.parametrize(
        "statement",
        ["DELETE FROM bags_area", "DELETE FROM bags_bagtype", "TRUNCATE bags_area CASCADE"],
    )
    def test_is_none_to_delete_with(self, mustard, level, statement):
        """It would not show the bag that was registered meanwhile."""
        with transaction.atomic():
            run(f"SET TRANSACTION ISOLATION LEVEL {level}")
            with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
                run(statement)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    @pytest.mark.parametrize("key", ["area", "bag_type"])
    def test_what_is_there_is_spoken_of_or_deleted_never_both(self, mustard, key):
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
        told = run_concurrently([partial(act, work) for work in calls])

        seen = Bag.objects.count()
        assert (rows.exists(), seen) in [(True, 7), (False, 0)]
        assert told.count("refused") == (1 if seen else 7)
