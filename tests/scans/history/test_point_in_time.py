"""What a bag was at any moment, against the model's memory of that moment."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from bags.models import Area, Bag
from scans.history.point_in_time import bag_ledger, position
from scans.history.trace import trace
from scans.models import Scan
from tests.factories import create_reference_data, make_loose_child, make_parent, make_user, scan
from tests.scans.recording.test_oracle import Both, acts


def told(user, bag, at):
    """What the product says of a moment, in the words of the model."""
    found, more = trace(user, bag, at=at, after=None, limit=500)
    assert more is None
    was = found["position"]
    if was is None:
        return None
    return (
        was["state"], was["area"], was["bound_for"], was["parent"], was["child_count"],
        sorted(beside["code"] for beside in found["siblings"]),
        sorted(stay["code"] for stay in found["children"] if stay["left"] is None),
        [stay["code"] for stay in found["parents"] if stay["left"] is None],
        {row["id"] for row in found["way"] if row["code"] == bag.code},
    )  # fmt: skip


def remembered(model, code, scans):
    bag = model.bags.get(code)
    if bag is None:
        return None
    inside = model.contents[code]
    beside = model.contents[bag.parent] - {code} if bag.parent else set()
    parent = bag.kind == "parent"
    return (
        bag.state, bag.area, bag.bound_for, bag.parent, len(inside) if parent else None,
        sorted(beside), sorted(inside), [bag.parent] if bag.parent else [], scans.get(code, set()),
    )  # fmt: skip


@pytest.mark.django_db
class TestTheStateAtAnyMoment:
    @settings(
        max_examples=10,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(acts, min_size=10, max_size=50))
    def test_is_what_the_model_had_then(self, sequence):
        both = Both()
        with transaction.atomic():
            both.prepare()
            memories = {}
            for act in sequence:
                both.act(act)
                scans: dict[str, set[int]] = {}
                for pk, code in Scan.objects.values_list("id", "bag__code"):
                    scans.setdefault(code, set()).add(pk)
                memories[both.now] = (deepcopy(both.model), scans)
            ben = both.people["ben"]
            for bag in Bag.objects.select_related("bag_type"):
                for at, (model, scans) in memories.items():
                    assert told(ben, bag, at) == remembered(model, bag.code, scans), (bag, at)
                last, scans = memories[both.now]
                assert told(ben, bag, None) == remembered(last, bag.code, scans)
            transaction.set_rollback(True)
        assert not Area.objects.exists()


@pytest.mark.django_db
class TestALedgerOutOfOrder:
    def test_ends_before_the_first_row_that_came_later(self):
        """Clocks may differ between servers; what was accepted first counts first."""
        create_reference_data()
        ben = make_user("ben", Role.OFFICE)
        bag = make_loose_child("CB000000904", actor=ben)
        make_parent("SB10001", 1, actor=ben)
        linked = scan(ben, "link", "CB000000904", "SB10001").scan
        early = linked.recorded_at - timedelta(microseconds=1)
        out = scan(ben, "unlink", "CB000000904", now=early, scanned_at=early).scan

        def state(at):
            return position(bag, bag_ledger(bag, at).rows).state

        assert out.pk > linked.pk
        assert state(early) == "loose"
        assert len(bag_ledger(bag, early).rows) == 1
        assert len(bag_ledger(bag, linked.recorded_at).rows) == 3

    def test_says_when_a_bag_did_not_exist(self):
        create_reference_data()
        bag = make_parent("SB10001", 1)
        before = Scan.objects.earliest("pk").recorded_at - timedelta(microseconds=1)

        assert position(bag, bag_ledger(bag, before).rows) is None
