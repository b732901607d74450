"""Search by the whole code, its beginning, its end or a part of it, within the visible areas."""

import pytest
from django.db import connection

from accounts.roles import Role
from bags.api.serializers import BAG_COLUMNS
from bags.errors import BagUnknown
from bags.filters import BagFilters
from bags.models import Bag, BagCode
from bags.queries import bag_rows, bag_rows_by_id, bags_after, find_bag
from bags.search import search, search_statements
from tests.factories import (
    create_reference_data,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
    scan,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben():
    create_reference_data()
    for code in ("CB000112233", "CB000112299", "CB998877665"):
        make_loose_child(code)
    make_loose_child("CB555112255", area="jaipur")
    return make_user("ben", Role.OFFICE)


def codes(found):
    return sorted(bag["code"] for bag in found["bags"])


class TestSearch:
    @pytest.mark.parametrize(
        ("text", "by", "found"),
        [
            ("cb000112233", "exact", ["CB000112233"]),
            ("https://x.example/21/CB000112233", "exact", ["CB000112233"]),
            ("CB0001122", "prefix", ["CB000112233", "CB000112299"]),
            ("7665", "suffix", ["CB998877665"]),
            ("1122", "contains", ["CB000112233", "CB000112299", "CB555112255"]),
            ("NOTHING", "none", []),
            ("%", "none", []),
            ("_", "none", []),
            ("\\", "none", []),
            ("", "none", []),
            ("\0", "none", []),
        ],
    )
    def test_uses_the_first_kind_of_match_with_results(self, ben, text, by, found):
        answer = search(ben, text)

        assert (answer["by"], codes(answer)) == (by, found)

    def test_prefers_a_whole_code_to_a_prefix(self, ben):
        make_parent("SB10001", children=1)
        make_parent("SB100012", children=1)

        assert search(ben, "SB10001")["by"] == "exact"
        assert codes(search(ben, "SB10001")) == ["SB10001"]
        assert codes(search(ben, "SB1000")) == ["SB10001", "SB100012"]

    def test_returns_each_batch_once_up_to_the_limit(self, ben):
        make_batch("MUS-1", product="Mustard", variety="Must")
        for n in range(2, 5):
            make_batch(f"LOT-{n}", product="mustard")

        found = [batch["code"] for batch in search(ben, "mus", limit=3)["batches"]]

        assert found == ["LOT-2", "LOT-3", "LOT-4"]
        assert len(search(ben, "mus")["batches"]) == 4

    def test_reports_further_results(self, ben):
        assert search(ben, "CB", limit=2)["more"]

    def test_finds_batches_by_code_product_and_variety(self, ben):
        make_batch("LOT-7", product="Mustard", variety="RH-749")

        for text in ("lot-7", "must", "rh-7"):
            assert [batch["code"] for batch in search(ben, text)["batches"]] == ["LOT-7"]

    def test_hides_bags_of_other_areas(self, ben):
        ana = make_user("ana", Role.OPERATOR, ["lucknow"])

        assert codes(search(ana, "1122")) == ["CB000112233", "CB000112299"]
        assert search(ana, "CB555112255")["by"] == "none"


CODES = (
    "CB000112233", "CB000112299", "CB998877665", "CB121212121", "CB112112112", "M444-10001",
    "CB555112255",
)  # fmt: skip
ODD = ("4-1", "44-1", "-1", "-10", "---", "4--", "4-1000", "M44-", "4-10001", "%%%", "0_1", "00/")
PARTS = [CODES[3][start:end] for end in range(12) for start in range(end)]


def expected_result(text, codes):
    """Return the kind of match and the codes, computed in Python."""
    matches = {
        "exact": [code for code in codes if code == text],
        "prefix": [code for code in codes if code.startswith(text)],
        "suffix": [code for code in codes if code.endswith(text)],
        "contains": [code for code in codes if text in code and len(text) >= 3],
    }
    return next(((kind, sorted(found)) for kind, found in matches.items() if found), ("none", []))


class TestSearchStatements:
    @pytest.fixture
    def people(self, ben):
        for code in CODES[3:5]:
            make_loose_child(code)
        make_parent(CODES[5])
        return {
            ben: CODES,
            make_user("ana", Role.OPERATOR, ["lucknow"]): CODES[:6],
            make_user("jai", Role.OPERATOR, ["jaipur"]): CODES[6:],
            make_user("nil", Role.OPERATOR): (),
        }

    def test_find_the_bags_that_python_finds(self, people):
        ends = [CODES[2][start:] for start in range(10)]
        for text in (*PARTS, *ends, "1122", "12112", "12x12", *ODD):
            for person, visible in people.items():
                answer = search(person, text)
                found = (answer["by"], codes(answer))
                assert found == expected_result(text.upper(), visible), (text, person)

    @pytest.mark.parametrize("text", ["CB0001122", "CB000112233"])
    def test_prefix_uses_the_index(self, ben, text):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; DISCARD PLANS")

            def looks():
                cursor.execute(
                    "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables"
                    " WHERE relname = 'bags_bag'"
                )
                return cursor.fetchone()

            read, looked = looks()
            cursor.execute(*next(iter(search_statements(ben, text, 21)))[1])
            assert cursor.fetchall()[0][1].startswith(text)
            assert looks() == (read, looked + 1)


class TestBagRowsById:
    def test_equal_bag_rows_in_the_given_order(self, ben):
        make_parent("M444-10001", children=15, area="jaipur")
        make_parent("SB10001", children=2)
        Bag.objects.filter(parent__code="SB10001").update(batch=make_batch("LOT-7"))
        scan(ben, "dispatch", "M444-10001", area="lucknow")
        ids = list(Bag.objects.order_by("-code").values_list("id", flat=True))
        as_lists_say = {row["id"]: row for row in bag_rows(Bag.objects.all(), BAG_COLUMNS)}

        assert len(ids) > 20
        assert any(row["batch"] for row in as_lists_say.values())
        assert bag_rows_by_id(ids) == [as_lists_say[bag] for bag in ids]
        assert bag_rows_by_id([ids[3], 2**60, ids[1]]) == [
            as_lists_say[ids[3]],
            as_lists_say[ids[1]],
        ]
        assert bag_rows_by_id([]) == []


class TestFindBag:
    def test_in_another_area_is_not_found(self, ben):
        ana = make_user("ana", Role.OPERATOR, ["lucknow"])

        with pytest.raises(BagUnknown):
            find_bag(ana, "CB555112255")

    def test_on_its_way_is_visible_to_both_areas(self, ben):
        make_parent("M444-10001", children=15, area="jaipur")
        scan(ben, "dispatch", "M444-10001", area="lucknow")
        for area in ("jaipur", "lucknow"):
            person = make_user(f"at-{area}", Role.OPERATOR, [area])
            assert find_bag(person, "m444-10001").bound_for.code == "lucknow"


class TestBagsAfter:
    def test_continues_after_the_last_row(self, ben):
        first = bags_after(ben, BAG_COLUMNS, after=None, limit=2, filters=BagFilters())
        rest = bags_after(ben, BAG_COLUMNS, after=first[-1]["id"], limit=10, filters=BagFilters())

        assert len(first + rest) == len({row["id"] for row in first + rest}) == 4

    def test_can_be_filtered(self, ben):
        make_parent("SB10001", children=1)
        loose = BagFilters(loose=True, area="jaipur")

        assert [
            r["code"] for r in bags_after(ben, BAG_COLUMNS, after=None, limit=9, filters=loose)
        ] == ["CB555112255"]
        sacks = BagFilters(kind="parent", state="open", bag_type="mustard")
        assert len(bags_after(ben, BAG_COLUMNS, after=None, limit=9, filters=sacks)) == 1

    @pytest.mark.parametrize(
        "nothing",
        [
            {"kind": "zz"},
            {"state": "zz"},
            {"area": "nowhere"},
            {"batch": "NONE"},
            {"bag_type": "none"},
            {"kind": "parent", "state": "linked"},
            {"kind": "child", "state": "open"},
            {"kind": "parent", "loose": True},
            {"state": "linked", "loose": True},
        ],
        ids=str,
    )
    def test_with_contradictory_filters_is_empty(self, ben, nothing):
        make_parent("SB10001", children=1)

        assert (
            bags_after(ben, BAG_COLUMNS, after=None, limit=9, filters=BagFilters(**nothing)) == []
        )

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"kind": "child", "state": "linked"}, 1),
            ({"kind": "child", "state": "loose"}, 4),
            ({"kind": "child"}, 5),
            ({"state": "loose", "loose": True}, 4),
            ({"state": "open", "area": "lucknow"}, 1),
        ],
        ids=str,
    )
    def test_matches_all_filters(self, ben, filters, found):
        make_parent("SB10001", children=1)

        assert (
            len(bags_after(ben, BAG_COLUMNS, after=None, limit=9, filters=BagFilters(**filters)))
            == found
        )


class TestCodeTable:
    def test_equals_the_codes_of_the_bags(self, ben):
        make_parent("SB10001", children=2)
        Bag.objects.filter(code="CB555112255").update(code="CB777112255")
        known = Bag.objects.values("kind", "bag_type_id", "area_id", "state", "weight")
        like = known.get(code="CB998877665")
        Bag.objects.bulk_create([Bag(code="CB998877000", **like)])
        Bag.objects.get(code="CB998877000").delete()

        rows = list(BagCode.objects.order_by("bag").values_list("bag", "code"))

        assert rows == list(Bag.objects.order_by("id").values_list("id", "code"))
        assert codes(search(ben, "7112255")) == ["CB777112255"]
        assert search(ben, "77000")["by"] == "none"

    def test_is_empty_if_there_are_no_bags(self, ben):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL tracetrack.maintenance = 'on'")
            cursor.execute("TRUNCATE bags_bag, scans_scan")

        assert not BagCode.objects.exists()
