"""A bag outside the visible areas is treated like one that does not exist, on every endpoint."""

import pytest

from scans.models import Scan
from tests.api_fixtures import (
    FOREIGN_CODES,
    HERE,
    HERE_CHILD,
    LOT,
    THERE,
    THERE_CHILD,
    UNKNOWN_CODE,
    comparable_problem,
    post,
    run_commit_hooks,
    scan_body,
)
from tests.factories import make_area, scan

PATHS = [
    "bags/stream",
    "bags",
    "scans/stream",
    "scans/stream?format=csv&area=indore",
    "bags/stream?format=ndjson",
    "bags/stream?format=csv",
    "bags/stream?area=indore",
    f"bags/stream?batch={LOT}",
    f"search?q={THERE}",
    "search?q=SB",
    "search?q=0001",
    "scans",
    "dashboard/ultra",
    f"bags/{HERE}",
    f"bags/{HERE}/timeline",
    f"bags/{HERE}/children",
    f"batches/{LOT}",
    "batches",
    "areas",
    "users/me/stats",
]


def text_of(client, path):
    answer = client.get(f"/api/v3/{path}")
    assert answer.status_code == 200
    return b"".join(answer).decode()


class TestBagOutsideVisibleAreas:
    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("first", ["office", "operator"])
    def test_is_in_no_response_even_if_cached_for_another_user(self, site, path, first):
        clients = {"office": site.client("office"), "operator": site.client("operator")}
        text_of(clients[first], path)

        for _ in range(2):
            text = text_of(clients["operator"], path)
            assert not any(code in text for code in FOREIGN_CODES)

    @pytest.mark.parametrize("path", PATHS[:12])
    def test_is_visible_to_users_of_all_areas(self, site, path):
        text_of(site.client("operator"), path)

        text = text_of(site.client("office"), path)

        if "search?q=SB1" not in path:
            assert any(code in text for code in FOREIGN_CODES)

    @pytest.mark.parametrize("path", ["bags/{}", "bags/{}/timeline", "bags/{}/children"])
    def test_responds_like_an_unknown_bag(self, operator, path):
        foreign = operator.get(f"/api/v3/{path.format(THERE)}")
        missing = operator.get(f"/api/v3/{path.format(UNKNOWN_CODE)}")

        assert comparable_problem(foreign, THERE) == comparable_problem(missing, UNKNOWN_CODE)
        assert foreign.status_code == 404

    @pytest.mark.parametrize("step", ["inspect", "complete", "dispatch", "receive", "return"])
    def test_cannot_be_scanned(self, operator, step):
        before = Scan.objects.count()

        foreign = post(operator, "scans", scan_body(step, THERE))
        missing = post(operator, "scans", scan_body(step, UNKNOWN_CODE))

        assert comparable_problem(foreign, THERE) == comparable_problem(missing, UNKNOWN_CODE)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "bag-unknown")
        assert Scan.objects.count() == before

    def test_cannot_be_packed(self, operator):
        answer = post(operator, "scans", scan_body("link", HERE_CHILD, THERE))

        assert (answer.status_code, answer.json()["code"]) == (404, "bag-unknown")

    def test_scans_cannot_be_undone(self, site, operator):
        theirs = scan(site.people["office"], "inspect", THERE).scan
        run_commit_hooks()
        body = scan_body("inspect", HERE)["ref"]

        foreign = post(operator, f"scans/{theirs.pk}/undo", {"ref": body})
        missing = post(operator, "scans/999999/undo", {"ref": body})

        assert comparable_problem(foreign, str(theirs.pk)) == comparable_problem(missing, "999999")
        assert foreign.status_code == 404

    def test_is_not_counted(self, site, operator):
        mine = operator.get("/api/v3/dashboard/ultra").json()
        alls = site.client("office").get("/api/v3/dashboard/ultra").json()
        stats = {"stats": ["bags"]}

        assert mine["stats"]["bags"] == {
            "parent": 1, "child": 2, "total": 3, "loose": 0, "incomplete": 1,
        }  # fmt: skip
        assert alls["stats"]["bags"]["total"] == 5
        assert [row["area"] for row in mine["by_area"]] == ["lucknow"]
        assert post(operator, "batch/stats", stats).json()["bags"]["total"] == 3
        assert operator.get(f"/api/v3/batches/{LOT}").json()["contents"]["parents"] == 1

    def test_is_visible_while_in_transit_to_a_visible_area(self, site, operator):
        scan(site.people["office"], "complete", THERE, area="indore")
        scan(site.people["office"], "dispatch", THERE, area="lucknow")
        run_commit_hooks()

        assert operator.get(f"/api/v3/bags/{THERE}").json()["bound_for"] == "lucknow"
        assert THERE_CHILD in text_of(operator, f"bags/{THERE}/children")


class TestUserWithoutAreas:
    def test_sees_nothing(self, site):
        site.people["operator"].areas.clear()
        client = site.client("operator")

        for path in ("bags/stream", "scans"):
            assert client.get(f"/api/v3/{path}").json() == {
                "results": [], "next": None, "previous": None, "total": 0,
            }  # fmt: skip
        assert client.get(f"/api/v3/bags/{HERE}").status_code == 404

    def test_sees_a_new_area_from_the_next_request_on(self, site):
        client = site.client("operator")
        assert HERE in text_of(client, "bags/stream")

        site.people["operator"].areas.set([make_area("indore")])

        text = text_of(client, "bags/stream")
        assert HERE not in text
        assert THERE in text
