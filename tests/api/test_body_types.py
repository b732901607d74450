"""Fields of JSON bodies accept one type each; invisible characters are removed from texts."""

from uuid import uuid4

import pytest

from bags.models import Area, Batch
from tests.api_fixtures import AREA, BAG_TYPE, BATCH, HERE, LOT, WEBHOOK, post, scan_body, send
from tests.problem_assertions import assert_problem
from tracetrack.text_cleaning import clean_text

TURNED, ZERO = "\N{RIGHT-TO-LEFT OVERRIDE}", "\N{ZERO WIDTH SPACE}"
# A word that needs its joiner.
HINDI = "क्\u200dष"
NEW = BATCH | {"code": "NEW-1"}
TOKEN = {"name": "gate", "scopes": ["read"]}
WRONG = [
    ("PATCH", "areas/akola", {"active": "false"}),
    ("PATCH", "areas/akola", {"active": 0}),
    ("POST", "areas", AREA | {"active": "yes"}),
    ("POST", "areas", AREA | {"name": 5}),
    ("PATCH", "bag-types/mustard", {"capacity": "30"}),
    ("POST", "bag-types", BAG_TYPE | {"capacity": True}),
    ("POST", "batches", NEW | {"planned_bags": "5"}),
    ("POST", "batches", NEW | {"produced_on": "20261120"}),
    ("POST", "batches", NEW | {"produced_on": "2026-W47-5"}),
    ("POST", "batches", NEW | {"expires_on": "2027-1-2"}),
    ("PATCH", f"batches/{LOT}", {"produced_on": 20261120}),
    ("POST", "tokens", TOKEN | {"read_only": "true"}),
    ("POST", "tokens", TOKEN | {"networks": [10]}),
    ("POST", "webhooks", WEBHOOK | {"name": 7}),
]


class TestField:
    @pytest.mark.parametrize(("method", "path", "body"), WRONG)
    def test_other_types_are_not_converted(self, site, method, path, body):
        answer = send(site.client("administrator"), method, path, body)

        document = assert_problem(answer, 400, "bad-field")
        assert document["facts"]["field"].partition(".")[0] in body

    def test_own_type_is_accepted(self, site):
        office = site.client("office")
        body = NEW | {"planned_bags": 5, "produced_on": "2026-11-20", "expires_on": None}

        assert post(office, "batches", body).status_code == 201


class TestText:
    def test_invisible_characters_are_removed(self, site):
        administrator = site.client("administrator")

        area = post(administrator, "areas", AREA | {"name": f" {TURNED}Ko{ZERO}ta\x07 {HINDI}"})
        batch = post(
            administrator, "batches", NEW | {"product": f"M{TURNED}", "notes": "a\r\nb\x1b"}
        )
        token = post(administrator, "tokens", TOKEN | {"name": f"ga{TURNED}te"})
        hook = post(administrator, "webhooks", WEBHOOK | {"name": f"e{ZERO}rp"})

        assert area.json()["name"] == Area.objects.get(code="kota").name == f"Kota {HINDI}"
        assert (batch.json()["product"], batch.json()["notes"]) == ("M", "a\nb")
        assert token.json()["name"] == "gate"
        assert hook.json()["name"] == "erp"

    @pytest.mark.parametrize(
        ("path", "body"),
        [("areas", AREA | {"name": ZERO}), ("tokens", TOKEN | {"name": TURNED}),
         ("batches", NEW | {"product": "\u200d\u200c"}), ("webhooks", WEBHOOK | {"name": "\x07"})],
    )  # fmt: skip
    def test_only_invisible_characters_count_as_missing(self, site, path, body):
        assert_problem(post(site.client("administrator"), path, body), 400, "bad-field")
        assert not Batch.objects.filter(code="NEW-1").exists()

    def test_texts_of_scans_are_cleaned(self, site):
        office, operator = site.client("office"), site.client("operator")
        body = scan_body("inspect", HERE, note=f"{TURNED}wet\n{HINDI}", station=f"gate{ZERO}")
        visible = post(operator, "scans", body).json()["scan"]

        answer = post(office, f"scans/{visible['id']}/undo", {"ref": str(uuid4()), "reason": ZERO})

        assert (visible["note"], visible["station"]) == (f"wet\n{HINDI}", "gate")
        assert_problem(answer, 400, "reason-missing")

    def test_single_line_text_has_no_line_breaks(self):
        assert clean_text("a\nb\u2028c") == "a b c"
        assert clean_text("a\nb\u2028c", lines=True) == "a\nb\nc"
