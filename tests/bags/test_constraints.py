"""Database constraints of single rows."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.roles import Role
from bags.models import Area, Bag, BagType, Batch
from scans.models import EARLIEST, Scan
from tests.factories import create_reference_data, make_parent, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def child():
    create_reference_data()
    return {
        "code": "CB000000001",
        "kind": "child",
        "state": "loose",
        "bag_type": BagType.objects.get(name="mustard"),
        "area": Area.objects.get(code="lucknow"),
        "weight": Decimal(1),
    }


@pytest.fixture
def parent(child):
    return child | {"code": "SB10001", "kind": "parent", "state": "open", "capacity": 30}


def assert_refused(constraint, make, **fields):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(**fields)


class TestBag:
    @pytest.mark.parametrize("code", ["cb1", "CB", "C B1", "-CB1", "CB1\u200b", "Ä123", "CB1\n"])
    def test_code_is_normalized(self, child, code):
        assert_refused("bag_code_is_normalised", Bag.objects.create, **child | {"code": code})

    def test_code_is_unique(self, child, parent):
        Bag.objects.create(**child)
        assert_refused("bag_code_is_unique", Bag.objects.create, **parent | {"code": child["code"]})

    @pytest.mark.parametrize("state", ["open", "complete", "dispatched", "received", "lost"])
    def test_child_has_a_state_of_children(self, child, state):
        refused = "bag_state_fits_its_kind|bag_complete"
        assert_refused(refused, Bag.objects.create, **child | {"state": state})

    @pytest.mark.parametrize("state", ["loose", "linked", ""])
    def test_parent_has_a_state_of_parents(self, parent, state):
        assert_refused(
            "bag_state_fits_its_kind|bag_is_linked", Bag.objects.create, **parent | {"state": state}
        )

    def test_parent_has_no_parent(self, parent):
        other = Bag.objects.create(**parent | {"code": "SB10002"})
        assert_refused(
            "bag_only_children_have_parents|bag_is_linked",
            Bag.objects.create,
            **parent | {"parent": other},
        )

    def test_is_not_its_own_parent(self, child):
        bag = Bag.objects.create(**child)
        assert_refused(
            "bag_is_not_its_own_parent",
            Bag.objects.filter(pk=bag.pk).update,
            parent=bag,
            state="linked",
        )

    def test_is_linked_exactly_if_it_has_a_parent(self, child, parent):
        sack = Bag.objects.create(**parent)
        refused = "bag_is_linked_when_it_has_a_parent"
        assert_refused(refused, Bag.objects.create, **child | {"state": "linked"})
        assert_refused(refused, Bag.objects.create, **child | {"parent": sack})

    @pytest.mark.parametrize(
        "fields", [{"child_count": 31}, {"capacity": 0}, {"capacity": None}, {"child_count": -1}]
    )
    def test_parent_stays_within_its_capacity(self, parent, fields):
        assert_refused(
            "bag_count_is_within_its_capacity|child_count_check",
            Bag.objects.create,
            **parent | fields,
        )

    def test_is_not_complete_while_empty(self, parent):
        assert_refused(
            "bag_complete_is_not_empty", Bag.objects.create, **parent | {"state": "complete"}
        )

    @pytest.mark.parametrize("weight", [Decimal(0), Decimal(-1)])
    def test_child_has_a_positive_weight(self, child, weight):
        assert_refused("bag_weight_is_possible", Bag.objects.create, **child | {"weight": weight})

    def test_has_a_destination_exactly_while_dispatched(self, child, parent):
        refused = "bag_is_bound_only_on_its_way"
        there = {"bound_for": parent["area"]}
        assert_refused(refused, Bag.objects.create, **parent | there)
        assert_refused(refused, Bag.objects.create, **child | there)
        assert_refused(
            refused, Bag.objects.create, **parent | {"state": "dispatched", "child_count": 1}
        )


class TestBatch:
    @pytest.fixture
    def batch(self, child):
        return {
            "code": "LOT-1",
            "product": "Mustard",
            "bag_type": child["bag_type"],
            "produced_on": date(2026, 11, 1),
        }

    def test_code_is_normalized(self, batch):
        assert_refused(
            "batch_code_is_normalised", Batch.objects.create, **batch | {"code": "lot 1"}
        )

    def test_expires_after_it_is_produced(self, batch):
        assert_refused(
            "batch_expires_after_it_is_produced",
            Batch.objects.create,
            **batch | {"expires_on": date(2026, 10, 31)},
        )

    def test_is_open_or_closed(self, batch):
        assert_refused("batch_state_is_known", Batch.objects.create, **batch | {"state": "held"})

    @pytest.mark.parametrize("half", [{"held": True}, {"held_reason": "why"}])
    def test_hold_has_user_time_and_reason(self, batch, half):
        refused = "batch_hold_says_who_when_and_why"
        assert_refused(refused, Batch.objects.create, **batch | half)


class TestScan:
    @pytest.fixture
    def row(self, child):
        ben = make_user("ben", Role.OFFICE)
        return {
            "ref": uuid4(),
            "bag": make_parent("SB10001"),
            "step": "inspect",
            "outcome": "applied",
            "actor": ben,
            "area": child["area"],
            "scanned_at": timezone.now(),
        }

    def test_ref_is_unique(self, row):
        Scan.objects.create(**row)
        assert_refused("scan_ref_is_recorded_once", Scan.objects.create, **row)

    @pytest.mark.parametrize(
        ("constraint", "fields"),
        [
            ("scan_step_is_known", {"step": "teleport"}),
            ("scan_outcome_is_known", {"outcome": "maybe"}),
            ("scan_link_names_a_parent", {"step": "link"}),
            ("scan_link_names_a_parent", {"step": "move"}),
            ("scan_undo_has_a_target", {"step": "undo"}),
            ("scan_is_not_before_2000", {"scanned_at": EARLIEST.replace(year=1999)}),
            ("scan_only_receipts_and_returns_are_unexpected", {"unexpected": True}),
            ("scan_only_dispatches_are_forced", {"forced": True}),
        ],
    )
    def test_is_rejected_if_it_violates_a_constraint(self, row, constraint, fields):
        assert_refused(constraint, Scan.objects.create, **row | fields)

    def test_parent_is_another_bag(self, row):
        assert_refused("scan_parent_is_another_bag", Scan.objects.create, parent=row["bag"], **row)

    def test_is_undone_at_most_once(self, row):
        undone = Scan.objects.create(**row)
        Scan.objects.create(**row | {"ref": uuid4(), "step": "undo", "undoes": undone})
        assert_refused(
            "scan_is_undone_once",
            Scan.objects.create,
            **row | {"ref": uuid4(), "step": "undo", "undoes": undone},
        )


class TestReferenceData:
    def test_users_have_known_roles(self):
        assert_refused("user_role_is_known", User.objects.create, username="x", role="king")

    @pytest.mark.parametrize("code", ["Lucknow", "", "-x", "sri ganganagar"])
    def test_area_codes_are_slugs(self, code):
        assert_refused("area_code_is_a_slug", Area.objects.create, code=code, name="x")

    def test_glns_have_13_digits(self):
        assert_refused("area_gln", Area.objects.create, code="x", name="x", gln="123")

    @pytest.mark.parametrize("fields", [{"capacity": 0}, {"capacity": 1001}, {"child_weight": 0}])
    def test_bag_types_have_valid_capacity_and_weight(self, fields):
        patterns = {"parent_pattern": "A", "child_pattern": "B"}
        assert_refused("bag_type_", BagType.objects.create, name="x", **patterns | fields)

    def test_tokens_store_a_sha256_digest(self):
        ben = make_user("ben", Role.OFFICE)
        assert_refused(
            "api_token_digest_is_sha256",
            ApiToken.objects.create,
            user=ben,
            name="x",
            prefix="tt_x",
            digest="tt_secret",
            scopes=["read"],
        )
