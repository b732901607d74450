"""The `total` of lists: exact if a counter has it, absent otherwise."""

import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bags.models import Bag
from dashboard.stats import list_counts
from dashboard.stats.counters import roll_up
from scans.models import Scan
from tests.api_fixtures import LOT, run_commit_hooks
from tests.factories import child_codes, make_batch, make_loose_child, make_parent, scan


def total(client, path):
    """Return the `total` of a page that does not contain all rows."""
    mark = "&" if "?" in path else "?"
    answer = client.get(f"/api/v3/{path}{mark}per_page=1")
    assert answer.status_code == 200, answer.content
    return answer.json().get("total")


def count_pages(client, path):
    """Return the number of rows on all pages."""
    mark = "&" if "?" in path else "?"
    next_path, found = f"/api/v3/{path}{mark}per_page=3", 0
    while next_path:
        page = client.get(next_path).json()
        found, next_path = found + len(page["results"]), page["next"]
    return found


@pytest.fixture
def many_bags(site):
    """Bags of every state in two areas and dispatched between them, in two batches."""
    ben = site.people["office"]
    for number, area in itertools.product(range(2), ("lucknow", "indore")):
        parent = f"SB4{number}{len(area)}00"
        make_parent(parent, 2, actor=ben, area=area)
        scan(ben, "complete", parent, area=area)
        if number:
            scan(ben, "dispatch", parent, area="lucknow")
    make_loose_child("CB000000901", actor=ben)
    scan(ben, "unlink", child_codes("SB40700", 1)[0])
    scan(ben, "return", "SB10001")
    make_batch("LOT-2", "moong", state="closed")
    make_batch("LOT-3", held_by=ben)
    run_commit_hooks()
    return site


BAGS = [
    "", "kind=child", "kind=parent", "state=open", "state=linked", "state=loose", "area=indore",
    "area=lucknow&state=dispatched", "area=nowhere", "bag_type=mustard", "bag_type=moong",
    "loose=true", "loose=true&area=lucknow", "loose=true&kind=parent", "loose=true&state=linked",
    "loose=false&kind=child", "kind=child&state=open", f"batch={LOT}", f"batch={LOT}&kind=child",
    "batch=LOT-9", "state=returned&kind=parent",
]  # fmt: skip


class TestTotal:
    @pytest.mark.parametrize("rolled_up", [False, True])
    @pytest.mark.parametrize("role", ["office", "operator"])
    def test_of_bags_equals_rows_on_all_pages(self, many_bags, role, rolled_up):
        client = many_bags.client(role)
        if rolled_up:
            roll_up()

        totals = {query: total(client, f"bags?{query}") for query in BAGS}

        assert totals == {query: count_pages(client, f"bags?{query}") for query in BAGS}
        assert 0 < totals[""] <= Bag.objects.count()

    @pytest.mark.parametrize("query", ["", "state=open", "state=closed", "held=true", "held=false"])
    def test_of_batches_equals_rows_on_all_pages(self, many_bags, operator, query):
        assert total(operator, f"batches?{query}") == count_pages(operator, f"batches?{query}") > 0

    @pytest.mark.parametrize(
        "query",
        ["", "step=link", "step=return", "area=indore", "area=indore&step=complete", "username=ben",
         "username=ben&step=dispatch", "username=nobody", "area=nowhere", "step=undo"],
    )  # fmt: skip
    def test_of_scans_equals_rows_on_all_pages(self, many_bags, office, query):
        assert total(office, f"scans?{query}") == count_pages(office, f"scans?{query}")

    def test_of_areas_and_bag_types(self, many_bags, operator):
        assert total(operator, "areas") == 10
        assert total(operator, "areas?active=false") == 0
        assert total(operator, "bag-types") == 2

    def test_is_absent_without_counter(self, many_bags, operator, office):
        assert total(office, "batches?product=mus") is None
        assert total(office, "batches?bag_type=mustard") is None
        assert total(office, "scans?area=indore&username=ben") is None
        # Which scans an operator sees depends on where the bags are now.
        assert total(operator, "scans") is None

    def test_is_absent_for_large_batch(self, many_bags, office, monkeypatch):
        monkeypatch.setattr(list_counts, "MAX_COUNTED_ROWS", 1)

        assert total(office, f"bags?batch={LOT}") is None

    def test_of_complete_list_needs_no_counter(self, many_bags, office):
        page = office.get("/api/v3/batches?product=mus").json()

        assert page["total"] == len(page["results"]) == 2

    def test_is_exact_after_scan(self, many_bags, office):
        before = total(office, "bags?state=open"), total(office, "scans")
        scan(many_bags.people["office"], "register", "SB49999")
        run_commit_hooks()

        assert (total(office, "bags?state=open"), total(office, "scans")) == (
            before[0] + 1,
            before[1] + 1,
        )
        assert total(office, "scans") == Scan.objects.count()

    @pytest.mark.parametrize(
        "path", ["bags", "bags?state=open", "batches", "scans", "scans?step=link"]
    )
    def test_does_not_count_table(self, many_bags, office, path):
        with CaptureQueriesContext(connection) as queries:
            total(office, path)

        counting = [query["sql"] for query in queries if "count(" in query["sql"].lower()]
        assert counting == []
