"""The import of bag sheets: registered, unchanged and refused rows."""

import pytest

from accounts.roles import Role
from bags.actions import close_batch
from bags.models import Area, Bag
from scans.models import Scan
from tests.factories import create_reference_data, make_batch, make_parent, make_user, scan
from tests.import_commands import run_import, write_sheet

COLUMNS = ["batch_code", "bag_type", "area", "kind", "code", "parent_code"]
GOOD = {"batch_code": "LOT-1", "bag_type": "mustard", "area": "hisar", "kind": "child"}


@pytest.fixture
def ben(db):
    create_reference_data()
    ben = make_user("ben", Role.OFFICE)
    make_batch("LOT-1")
    make_batch("LOT-HELD", held_by=ben)
    make_batch("LOT-CLOSED")
    close_batch(actor=ben, code="LOT-CLOSED")
    make_batch("LOT-M", "moong")
    return ben


def verdict(folder, **cells):
    (name,) = verdicts(folder, GOOD | {"code": "CB000000001"} | cells)
    return name


def verdicts(folder, *rows):
    run_import("import_bags", write_sheet(folder, COLUMNS, *rows), "--verdicts", folder / "out.txt")
    return (folder / "out.txt").read_text().split()


class TestImportBags:
    def test_registers_a_bag_in_its_batch_and_area(self, ben, tmp_path):
        file = write_sheet(
            tmp_path, COLUMNS, GOOD | {"code": " cb000000001", "batch_code": "lot-1"}
        )

        assert run_import("import_bags", file, "--as", "ben") == {"rows": 1, "applied": 1}

        bag = Bag.objects.get()
        assert (bag.code, bag.kind, bag.state) == ("CB000000001", "child", "loose")
        assert (bag.batch.code, bag.area.code, bag.bag_type.name) == ("LOT-1", "hisar", "mustard")
        row = Scan.objects.get()
        assert (row.step, row.outcome, row.actor, row.area) == (
            "register", "applied", ben, bag.area,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("cells", "name"),
        [
            ({}, "applied"),
            ({"code": "SB10001", "kind": "parent"}, "applied"),
            ({"code": "", "batch_code": "NO-LOT", "kind": "sack"}, "bad-code"),
            ({"parent_code": "?"}, "bad-code"),
            ({"kind": "sack", "batch_code": "NO-LOT"}, "bad-row"),
            ({"kind": "parent", "parent_code": "SB10001"}, "bad-row"),
            ({"bag_type": "jute", "batch_code": "NO-LOT"}, "bad-row"),
            ({"bag_type": ""}, "bad-row"),
            ({"batch_code": "NO-LOT", "area": "atlantis"}, "batch-unknown"),
            ({"batch_code": ""}, "batch-unknown"),
            ({"batch_code": "?"}, "batch-unknown"),
            ({"area": "atlantis", "code": "SB10001"}, "area-unknown"),
            ({"area": "closed", "code": "SB10001"}, "area-unknown"),
            ({"area": ""}, "area-unknown"),
            ({"code": "SB10001"}, "wrong-kind"),
            ({"kind": "parent"}, "wrong-kind"),
            ({"bag_type": "moong"}, "wrong-kind"),
            ({"code": "NOSUCH-1"}, "wrong-kind"),
            ({"batch_code": "LOT-M"}, "wrong-kind"),
            ({"batch_code": "LOT-CLOSED"}, "batch-closed"),
            ({"batch_code": "LOT-HELD"}, "applied"),
            ({"batch_code": "LOT-HELD", "parent_code": "SB10009"}, "batch-held"),
            ({"parent_code": "MG000000001"}, "wrong-kind"),
            ({"parent_code": "NOSUCH-1"}, "bag-unknown"),
        ],
    )
    def test_refuses_with_the_first_error(self, ben, tmp_path, cells, name):
        Area.objects.create(code="closed", name="Closed", active=False)

        assert verdict(tmp_path, **cells) == name
        assert Scan.objects.exists() == (name == "applied")

    def test_does_not_change_an_existing_bag(self, ben, tmp_path):
        make_parent("SB10001", children=1)
        child = Bag.objects.get(kind="child").code
        before = Scan.objects.count()
        rows = [
            GOOD | {"code": child, "area": "akola"},
            GOOD | {"code": child, "parent_code": "SB10002"},
            GOOD | {"code": "SB10001", "kind": "parent", "batch_code": "LOT-CLOSED"},
            GOOD | {"code": child, "kind": "parent"},
        ]

        assert verdicts(tmp_path, *rows) == ["already", "already", "already", "wrong-kind"]
        assert Scan.objects.count() == before
        assert Bag.objects.filter(batch=None, area__code="lucknow").count() == 2

    def test_links_a_child_to_the_parent_that_it_names(self, ben, tmp_path):
        rows = [GOOD | {"code": "SB10001", "kind": "parent"}]
        rows += [GOOD | {"code": f"CB00000{n:04}", "parent_code": "sb10001"} for n in range(31)]

        assert verdicts(tmp_path, *rows) == ["applied"] * 31 + ["parent-full"]

        parent = Bag.objects.get(kind="parent")
        assert (parent.child_count, parent.state) == (30, "complete")
        # The refused child was not registered.
        assert Bag.objects.filter(batch__code="LOT-1").count() == 31
        assert Scan.objects.filter(step="link").count() == 30
        assert verdicts(tmp_path, *rows) == ["already"] * 31 + ["parent-full"]

    def test_registers_a_repeated_bag_once(self, ben, tmp_path):
        row = GOOD | {"code": "CB000000001"}

        assert verdicts(tmp_path, row, row | {"code": "cb000000001"}) == ["applied", "already"]
        assert Scan.objects.count() == 1

    def test_registers_bags_that_can_be_scanned(self, ben, tmp_path):
        verdict(tmp_path)

        assert scan(ben, "link", "CB000000001", "SB10001").verdict == "applied"
        assert Bag.objects.get(kind="child").batch.code == "LOT-1"
