"""`total`: exact where counters know it, absent where only counting would tell."""

import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bags.models import Bag
from dashboard.stats import list_counts
from dashboard.stats.counters import roll_up
from scans.models import Scan
from tests.api_fixtures import LOT, commit
from tests.factories import child_codes, make_batch, make_loose, make_parent, scan


def total(client, path):
    """What a page that does not show them all tells of them."""
    mark = "&" if "?" in path else "?"
    answer = client.get(f"/api/v3/{path}{mark}per_page=1")
    assert answer.status_code == 200, answer.content
    return answer.json().get("total")


def walked(client, path):
    """How many rows there are, page by page."""
    mark = "&" if "?" in path else "?"
    following, found = f"/api/v3/{path}{mark}per_page=3", 0
    while following:
        page = client.get(following).json()
        found, following = found + len(page["results"]), page["next"]
    return found


@pytest.fixture
def many(site):
    """Bags of every state, in and between two areas, in two batches."""
    ben = site.people["office"]
    for number, area in itertools.product(range(2), ("lucknow", "indore")):
        sack = f"SB4{number}{len(area)}00"
        make_parent(sack, 2, actor=ben, area=area)
        scan(ben, "complete", sack, area=area)
        if number:
            scan(ben, "dispatch", sack, area="lucknow")
    make_loose("CB000000901", actor=ben)
    scan(ben, "unlink", child_codes("SB40700", 1)[0])
    scan(ben, "return", "SB10001")
    make_batch("LOT-2", "moong", state="closed")
    make_batch("LOT-3", held_by=ben)
    commit()
    return site


BAGS = [
    "", "kind=child", "kind=parent", "state=open", "state=linked", "state=loose", "area=indore",
    "area=lucknow&state=dispatched", "area=nowhere", "bag_type=mustard", "bag_type=moong",
    "loose=true", "loose=true&area=lucknow", "loose=true&kind=parent", "loose=true&state=linked",
    "loose=false&kind=child", "kind=child&state=open", f"batch={LOT}", f"batch={LOT}&kind=child",
    "batch=LOT-9", "state=returned&kind=parent",
]  # fmt: skip


class TestTheTotal:
    @pytest.mark.parametrize("rolled", [False, True])
    @pytest.mark.parametrize("role", ["office", "operator"])
    def test_of_bags_is_what_a_walk_finds_whatever_narrows_it(self, many, role, rolled):
        client = many.client(role)
        if rolled:
            roll_up()

        told = {query: total(client, f"bags?{query}") for query in BAGS}

        assert told == {query: walked(client, f"bags?{query}") for query in BAGS}
        assert 0 < told[""] <= Bag.objects.count()

    @pytest.mark.parametrize("query", ["", "state=open", "state=closed", "held=true", "held=false"])
    def test_of_batches_is_what_a_walk_finds(self, many, operator, query):
        assert total(operator, f"batches?{query}") == walked(operator, f"batches?{query}") > 0

    @pytest.mark.parametrize(
        "query",
        ["", "step=link", "step=return", "area=indore", "area=indore&step=complete", "username=ben",
         "username=ben&step=dispatch", "username=nobody", "area=nowhere", "step=undo"],
    )  # fmt: skip
    def test_of_scans_is_what_a_walk_finds(self, many, office, query):
        assert total(office, f"scans?{query}") == walked(office, f"scans?{query}")

    def test_of_areas_and_bag_types_is_all_of_them(self, many, operator):
        assert total(operator, "areas") == 10
        assert total(operator, "areas?active=false") == 0
        assert total(operator, "bag-types") == 2

    def test_is_left_out_where_no_counter_knows_it(self, many, operator, office):
        assert total(office, "batches?product=mus") is None
        assert total(office, "batches?bag_type=mustard") is None
        assert total(office, "scans?area=indore&username=ben") is None
        # What an operator sees of the scans depends on where their bags are now.
        assert total(operator, "scans") is None

    def test_of_a_large_batch_is_left_out(self, many, office, monkeypatch):
        monkeypatch.setattr(list_counts, "MAX_COUNTED_ROWS", 1)

        assert total(office, f"bags?batch={LOT}") is None

    def test_of_a_list_that_is_shown_whole_needs_no_counter(self, many, office):
        page = office.get("/api/v3/batches?product=mus").json()

        assert page["total"] == len(page["results"]) == 2

    def test_stays_true_while_people_scan(self, many, office):
        before = total(office, "bags?state=open"), total(office, "scans")
        scan(many.people["office"], "register", "SB49999")
        commit()

        assert (total(office, "bags?state=open"), total(office, "scans")) == (
            before[0] + 1,
            before[1] + 1,
        )
        assert total(office, "scans") == Scan.objects.count()

    @pytest.mark.parametrize(
        "path", ["bags", "bags?state=open", "batches", "scans", "scans?step=link"]
    )
    def test_never_counts_the_table(self, many, office, path):
        with CaptureQueriesContext(connection) as queries:
            total(office, path)

        counted = [query["sql"] for query in queries if "count(" in query["sql"].lower()]
        assert counted == []
