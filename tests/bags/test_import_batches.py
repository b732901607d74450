"""Import of batch sheets."""

import pytest

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEntry
from bags.actions import release_batch
from bags.models import Batch
from tests.factories import create_reference_data, make_user
from tests.import_commands import run_import, write_sheet

COLUMNS = [
    "code", "product", "variety", "bag_type", "produced_on", "expires_on", "planned_bags", "held",
]  # fmt: skip
GOOD = {
    "code": "lot-1",
    "product": "Mustard",
    "variety": "RH-749",
    "bag_type": "mustard",
    "produced_on": "2026-10-01",
    "expires_on": "2027-10-01",
    "planned_bags": "700",
}


@pytest.fixture(autouse=True)
def known(db):
    create_reference_data()


def verdict(folder, *options, **cells):
    summary = run_import("import_batches", write_sheet(folder, COLUMNS, GOOD | cells), *options)
    del summary["rows"]
    (name,) = summary
    return name


class TestBatchSheet:
    def test_creates_a_batch(self, tmp_path):
        assert verdict(tmp_path) == "applied"

        batch = Batch.objects.get()
        assert (batch.code, batch.product, batch.variety) == ("LOT-1", "Mustard", "RH-749")
        assert (str(batch.produced_on), str(batch.expires_on)) == ("2026-10-01", "2027-10-01")
        assert (batch.planned_bags, batch.held, batch.state) == (700, False, "open")

    def test_accepts_an_existing_batch_only_with_the_same_content(self, tmp_path):
        verdict(tmp_path)

        assert verdict(tmp_path) == "already"
        assert verdict(tmp_path, variety="RH-761") == "batch-exists"
        assert Batch.objects.get().variety == "RH-749"

    def test_puts_a_batch_on_hold_as_the_importing_user(self, tmp_path):
        ben = make_user("ben", Role.OFFICE)

        assert verdict(tmp_path, "--as", "ben", held="too moist") == "applied"

        batch = Batch.objects.get()
        assert (batch.held, batch.held_reason, batch.held_by) == (True, "too moist", ben)
        assert verdict(tmp_path, held="another reason") == "already"
        assert Batch.objects.get().held_reason == "too moist"

    def test_holds_a_released_batch_again(self, tmp_path):
        ben = make_user("ben", Role.OFFICE)
        verdict(tmp_path, held="too moist")
        release_batch(actor=ben, code="LOT-1")

        assert verdict(tmp_path) == "already"
        assert verdict(tmp_path, held="too moist") == "applied"
        assert Batch.objects.get().held

    @pytest.mark.parametrize(
        ("cells", "name"),
        [
            ({"code": "?"}, "bad-code"),
            ({"code": "", "product": ""}, "bad-code"),
            ({"product": ""}, "bad-row"),
            ({"product": "x" * 65}, "bad-row"),
            ({"variety": "x" * 65}, "bad-row"),
            ({"held": "x" * 201}, "bad-row"),
            ({"bag_type": "jute"}, "bad-row"),
            ({"produced_on": ""}, "bad-row"),
            ({"produced_on": "01.10.2026"}, "bad-row"),
            ({"produced_on": "2026-13-01"}, "bad-row"),
            ({"expires_on": "2026-09-30"}, "bad-row"),
            ({"planned_bags": "-1"}, "bad-row"),
            ({"planned_bags": "many"}, "bad-row"),
            ({"planned_bags": "99999999999"}, "bad-row"),
            ({"planned_bags": "3000000000"}, "bad-row"),
            ({"expires_on": "", "planned_bags": "", "variety": ""}, "applied"),
        ],
    )
    def test_rejects_an_invalid_row(self, tmp_path, cells, name):
        assert verdict(tmp_path, **cells) == name
        assert Batch.objects.exists() == (name == "applied")

    def test_creates_nothing_in_a_dry_run(self, tmp_path):
        assert verdict(tmp_path, "--dry-run", held="too moist") == "applied"

        assert not Batch.objects.exists()
        assert not AuditEntry.objects.exists()
        assert not User.objects.exists()
