"""Lists of areas, bag types, bags and batches; the current user."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import PERMISSIONS
from bags.api.serializers import BAG_ORDERS, BATCH_ORDERS
from bags.models import Area
from tests.api_fixtures import HERE, LOT, run_commit_hooks
from tests.factories import make_batch, scan
from tests.problem_assertions import assert_problem
from tracetrack.api.cursors import make_cursor, make_page_cursor, read_cursor, read_page_cursor
from tracetrack.api.pagination import Position
from tracetrack.errors.problem import BadCursor


def results(client, path):
    answer = client.get(f"/api/v3/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


class TestCurrentUser:
    def test_is_the_user_of_the_session(self, site, operator):
        assert operator.get("/api/v3/users/me").json() == {
            "username": "asha",
            "first_name": "",
            "last_name": "",
            "role": "operator",
            "permissions": sorted(PERMISSIONS["operator"]),
            "all_areas": False,
            "areas": ["lucknow"],
        }

    def test_is_the_user_of_the_token(self, site):
        me = site.client("integrator").get("/api/v3/users/me").json()

        assert (me["username"], me["all_areas"], me["areas"]) == ("ines", True, [])


class TestCurrentUserStats:
    def test_are_those_of_the_user_only(self, site, operator, office):
        scan(site.people["operator"], "inspect", HERE)
        run_commit_hooks()

        assert operator.get("/api/v3/users/me/stats").json() == {
            "username": "asha", "total": 1, "today": 1, "week": 1, "by_step": {"inspect": 1},
        }  # fmt: skip
        assert office.get("/api/v3/users/me/stats").json()["username"] == "ben"

    def test_are_cached_until_a_scan(self, site, operator):
        path = "/api/v3/users/me/stats"
        assert operator.get(path).json()["total"] == 0
        with CaptureQueriesContext(connection) as queries:
            operator.get(path)
        assert not any("dashboard_" in query["sql"] for query in queries)

        scan(site.people["operator"], "inspect", HERE)
        run_commit_hooks()

        assert operator.get(path).json()["total"] == 1


class TestAreas:
    def test_are_complete_and_mark_visible_ones(self, operator, office):
        Area.objects.filter(code="akola").update(active=False, gln="8901234567894")

        mine, alls = results(operator, "areas"), results(office, "areas")

        assert [area["code"] for area in mine] == sorted(area["code"] for area in mine)
        assert [area["code"] for area in mine if area["yours"]] == ["lucknow"]
        assert all(area["yours"] for area in alls)
        assert mine[0] == {
            "code": "akola", "name": "Akola", "gln": "8901234567894", "active": False,
            "yours": False,
        }  # fmt: skip


class TestBagTypes:
    def test_are_complete(self, operator):
        assert [kind["name"] for kind in results(operator, "bag-types")] == ["moong", "mustard"]
        assert results(operator, "bag-types")[1] == {
            "name": "mustard", "parent_pattern": r"SB\d{5,8}", "child_pattern": r"CB\d{9}",
            "capacity": 30, "child_weight": "1.000",
        }  # fmt: skip


class TestBagList:
    def test_equals_the_pages_of_the_export(self, office):
        assert results(office, "bags?kind=parent") == results(office, "bags/stream?kind=parent")

    def test_continues_at_its_own_url(self, office):
        next_url = office.get("/api/v3/bags?per_page=2").json()["next"]

        assert next_url.startswith("/api/v3/bags?per_page=2&cursor=")
        assert len(office.get(next_url).json()["results"]) == 2


class TestBatchList:
    @pytest.fixture(autouse=True)
    def batches(self, site):
        make_batch("LOT-2", "moong", product="Moong", state="closed")
        make_batch("LOT-3", product="100% mustard", held_by=site.people["office"])

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["LOT-3", "LOT-2", LOT]),
            ("state=closed", ["LOT-2"]),
            ("state=open", ["LOT-3", LOT]),
            ("held=true", ["LOT-3"]),
            ("held=false", ["LOT-2", LOT]),
            ("bag_type=moong", ["LOT-2"]),
            ("bag_type=nothing", []),
            ("product=mus", [LOT]),
            ("product=100%25", ["LOT-3"]),
            ("product=%25", []),
            ("product=_ust", []),
            ("product=%5C", []),
            ("held=true&state=closed", []),
        ],
    )
    def test_is_newest_first_and_can_be_filtered(self, operator, query, expected):
        found, next_url = [], f"/api/v3/batches?per_page=1&{query}"
        while next_url:
            page = operator.get(next_url).json()
            found += [batch["code"] for batch in page["results"]]
            next_url = page["next"]

        assert found == expected

    def test_rows_equal_the_detail_without_contents(self, operator):
        alone = operator.get(f"/api/v3/batches/{LOT}").json()
        alone.pop("contents")

        assert results(operator, "batches")[-1] == alone

    def test_stays_consistent_while_batches_are_added(self, office):
        page = office.get("/api/v3/batches?per_page=1").json()
        make_batch("LOT-4")

        assert office.get(page["next"]).json()["results"][0]["code"] == "LOT-2"

    def test_rejects_cursors_of_other_lists(self, office):
        other = make_cursor(1, list_name="bags", visibility="all", filters={})
        next_url = office.get("/api/v3/batches?per_page=1&held=false").json()["next"]

        assert_problem(office.get(f"/api/v3/batches?cursor={other}"), 400, "bad-cursor")
        assert_problem(office.get(next_url.replace("held=false", "held=true")), 400, "bad-cursor")

    @pytest.mark.parametrize("per_page", ["0", "501", "-1", "x", "1.5"])
    def test_rejects_other_page_sizes_than_1_to_500(self, office, per_page):
        document = assert_problem(
            office.get(f"/api/v3/batches?per_page={per_page}"), 400, "bad-field"
        )

        assert document["facts"]["field"] == "per_page"


class TestPagination:
    @pytest.fixture(autouse=True)
    def batches(self, site):
        for n in (5, 3, 9, 4):
            make_batch(f"LOT-{n}")

    @pytest.mark.parametrize("per_page", [1, 2, 3, 100])
    @pytest.mark.parametrize(
        ("path", "key", "order"),
        [("batches", "code", order) for order in BATCH_ORDERS]
        + [("bags", "id", order) for order in BAG_ORDERS],
    )
    def test_backwards_gives_the_same_pages(self, operator, path, key, order, per_page):
        there, back = [], []
        next_url = f"/api/v3/{path}?per_page={per_page}&order={order}"
        while next_url:
            page = operator.get(next_url).json()
            there.append([row[key] for row in page["results"]])
            next_url = page["next"]
        back.append(there[-1])
        while page["previous"]:
            page = operator.get(page["previous"]).json()
            assert page["next"]
            back.insert(0, [row[key] for row in page["results"]])

        assert there == back
        found = [row for page in there for row in page]
        assert len(found) == len(set(found)) >= 3
        if key in order:
            assert found == sorted(found, reverse=order.startswith("-"))

    def test_default_order_is_by_id(self, operator):
        for path, order in (("bags", "id"), ("batches", "-id")):
            assert results(operator, path) == results(operator, f"{path}?order={order}")

    @pytest.mark.parametrize("path", ["bags", "batches"])
    @pytest.mark.parametrize("order", ["weight", "notes", "-", "--id", "id,code", "area__code", ""])
    def test_rejects_orders_without_an_index(self, operator, path, order):
        document = assert_problem(operator.get(f"/api/v3/{path}?order={order}"), 400, "bad-field")

        assert document["facts"]["field"] == "order"

    def test_cursor_belongs_to_one_order(self, operator):
        next_url = operator.get("/api/v3/batches?per_page=1&order=code").json()["next"]

        for order in ("-code", "id", "-id"):
            turned = next_url.replace("order=code", f"order={order}")
            assert_problem(operator.get(turned), 400, "bad-cursor")

    def test_backward_cursor_is_no_forward_cursor(self):
        list_key = {"list_name": "tokens", "visibility": "all", "filters": {}}
        back = make_page_cursor(Position(7, back=True), **list_key)

        assert read_page_cursor(back, **list_key) == Position(7, back=True)
        with pytest.raises(BadCursor):
            read_cursor(back, **list_key)
