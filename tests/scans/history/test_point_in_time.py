"""The position of a bag at any moment equals the one that the oracle had then."""

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
from tests.oracle_comparison import OracleComparison, actions


def traced(user, bag, at):
    """Return the state in the trace at a moment in the form of expected()."""
    found, more = trace(user, bag, at=at, after=None, limit=500)
    assert more is None
    state = found["position"]
    if state is None:
        return None
    return (
        state["state"],
        state["area"],
        state["bound_for"],
        state["parent"],
        state["child_count"],
        sorted(sibling["code"] for sibling in found["siblings"]),
        sorted(period["code"] for period in found["children"] if period["left"] is None),
        [period["code"] for period in found["parents"] if period["left"] is None],
        {row["id"] for row in found["way"] if row["code"] == bag.code},
    )


def expected(oracle, code, scans):
    """Return the state of a bag in the oracle, None if it has no such bag."""
    bag = oracle.bags.get(code)
    if bag is None:
        return None
    children = oracle.contents[code]
    siblings = oracle.contents[bag.parent] - {code} if bag.parent else set()
    return (
        bag.state,
        bag.area,
        bag.bound_for,
        bag.parent,
        len(children) if bag.kind == "parent" else None,
        sorted(siblings),
        sorted(children),
        [bag.parent] if bag.parent else [],
        scans.get(code, set()),
    )


@pytest.mark.django_db
class TestPosition:
    @settings(
        max_examples=10,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(actions, min_size=10, max_size=50))
    def test_equals_the_one_of_the_oracle_then(self, sequence):
        comparison = OracleComparison()
        with transaction.atomic():
            comparison.prepare()
            states = {}
            for action in sequence:
                comparison.perform(action)
                scans: dict[str, set[int]] = {}
                for pk, code in Scan.objects.values_list("id", "bag__code"):
                    scans.setdefault(code, set()).add(pk)
                states[comparison.now] = (deepcopy(comparison.oracle), scans)
            ben = comparison.users["ben"]
            for bag in Bag.objects.select_related("bag_type"):
                for at, (oracle, scans) in states.items():
                    assert traced(ben, bag, at) == expected(oracle, bag.code, scans), (bag, at)
                last, scans = states[comparison.now]
                assert traced(ben, bag, None) == expected(last, bag.code, scans)
            transaction.set_rollback(True)
        assert not Area.objects.exists()


@pytest.mark.django_db
class TestBagLedger:
    def test_ends_before_the_first_row_recorded_later(self):
        """The clocks of servers may differ; the order of recording counts."""
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

    def test_has_no_position_before_the_registration(self):
        create_reference_data()
        bag = make_parent("SB10001", 1)
        before = Scan.objects.earliest("pk").recorded_at - timedelta(microseconds=1)

        assert position(bag, bag_ledger(bag, before).rows) is None
