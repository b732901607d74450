"""GET bags/{code}/trace: the chain now and in the past, who may see what, long ways."""

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection

from bags.models import Bag
from scans.models import Scan
from tests.api_fixtures import HERE, HERE_CHILD, LOT, THERE, THERE_CHILD, run_commit_hooks
from tests.factories import assign_batch, child_codes, make_batch, scan

SECOND = child_codes(HERE, 2)[1]
MANY = """
    INSERT INTO scans_scan (ref, bag_id, step, outcome, unexpected, forced, actor_id, area_id,
        station, scanned_at, recorded_at, note, was_state, was_parent_state)
    SELECT gen_random_uuid(), bag_id, 'inspect', 'applied', false, false, actor_id, area_id,
        'gate', now(), now(), '', '', ''
    FROM (SELECT * FROM scans_scan WHERE bag_id = %s LIMIT 1) AS one, generate_series(1, 10000)
"""


def ask(client, code, **asked):
    query = "&".join(f"{name}={quote(str(value))}" for name, value in asked.items())
    answer = client.get(f"/api/v3/bags/{code}/trace?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


class TestATrace:
    def test_is_the_whole_chain_of_a_child(self, site, office):
        assign_batch(make_batch("LOT-2"), HERE_CHILD)
        ben = site.people["office"]
        for step, parent, area in (
            ("dispatch", None, "indore"), ("receive", None, "indore"), ("inspect", None, "indore"),
        ):  # fmt: skip
            scan(ben, step, HERE, parent, area, force=step == "dispatch")
        run_commit_hooks()

        told = ask(office, HERE_CHILD)

        assert told["batch"]["code"] == "LOT-2"
        assert told["position"]["parent"] == HERE
        assert (told["position"]["state"], told["position"]["area"]) == ("linked", "indore")
        assert [stay["code"] for stay in told["parents"]] == [HERE]
        assert told["parents"][0]["batch"] == LOT
        assert told["siblings"] == [{"code": SECOND, "batch": None}]
        assert told["lots"] == [{"batch": None, "children": 1}, {"batch": "LOT-2", "children": 1}]
        assert [row["step"] for row in told["way"]] == ["register", "link", "dispatch", "receive"]
        assert told["way"][-1]["through"] == HERE
        assert [place["area"] for place in told["places"]] == ["lucknow", "indore"]
        assert [hand["scans"] for hand in told["hands"]] == [4]

    def test_is_the_whole_chain_of_a_parent(self, site, office):
        scan(site.people["office"], "unlink", SECOND)
        run_commit_hooks()

        told = ask(office, HERE)

        stays = {stay["code"]: stay["left"] for stay in told["children"]}
        assert stays[HERE_CHILD] is None
        assert stays[SECOND]["step"] == "unlink"
        assert told["position"]["child_count"] == 1

    def test_has_the_position_of_the_bag(self, office):
        for code in (HERE, HERE_CHILD, THERE):
            row = office.get(f"/api/v3/bags/{code}").json()
            told = ask(office, code)["position"]
            assert told == {name: row[name] for name in told}

    def test_of_the_past_does_not_change(self, site, office):
        at = Scan.objects.latest("pk").recorded_at.isoformat()
        before = ask(office, HERE, at=at)

        scan(site.people["office"], "move", HERE_CHILD, THERE)
        scan(site.people["office"], "complete", HERE)
        run_commit_hooks()

        assert ask(office, HERE, at=at) == before
        assert ask(office, HERE) != before

    def test_of_a_time_before_a_bag_existed_has_no_position(self, office):
        at = Scan.objects.earliest("pk").recorded_at - timedelta(seconds=1)

        told = ask(office, HERE, at=at.isoformat())

        assert (told["position"], told["way"], told["children"]) == (None, [], [])

    @pytest.mark.parametrize("at", ["yesterday", "2026-11-01T10:00:00", "9000-01-01T00:00:00Z", ""])
    def test_needs_an_instant_that_has_been(self, office, at):
        answer = office.get(f"/api/v3/bags/{HERE}/trace?at={at}")

        assert (answer.status_code, answer.json()["facts"]["field"]) == (400, "at")


class TestALongWay:
    def test_comes_in_pages_that_give_every_scan_once(self, office):
        bag = Bag.objects.get(code=HERE)
        with connection.cursor() as cursor:
            cursor.execute(MANY, [bag.pk])
        seen, told = [], ask(office, HERE, per_page=400)
        seen += [row["id"] for row in told["way"]]
        for _ in range(100):
            if told["next"] is None:
                break
            told = office.get(told["next"]).json()
            seen += [row["id"] for row in told["way"]]

        ids = Scan.objects.of(bag).values_list("id", flat=True)
        assert seen == list(ids)
        assert told["hands"][0]["scans"] == len(seen) > 10_000

    def test_has_cursors_of_its_own(self, office):
        follow = ask(office, HERE, per_page=1)["next"]

        for path in (follow.replace(HERE, THERE), follow + "&at=2026-11-01T00:00:00Z"):
            assert office.get(path).json()["code"] == "bad-cursor"


class TestAVeryLongPast:
    @pytest.fixture
    def worn(self, site, monkeypatch):
        """HERE_CHILD went in and out of HERE, SECOND lies in it all the time."""
        monkeypatch.setattr("scans.history.point_in_time.MAX_CHANGES", 6)
        ben = site.people["office"]
        for _ in range(4):
            scan(ben, "unlink", HERE_CHILD)
            scan(ben, "link", HERE_CHILD, HERE)
        run_commit_hooks()
        return site

    def test_is_told_from_its_newest_part_and_says_so(self, worn, office):
        told = ask(office, HERE)

        assert told["truncated"] is True
        assert (told["position"]["child_count"], told["position"]["state"]) == (2, "open")
        assert told["lots"] == [{"batch": None, "children": 2}]
        stays = [(stay["code"], stay["left"] is None) for stay in told["children"]]
        assert stays == [(HERE_CHILD, False), (HERE_CHILD, False), (HERE_CHILD, True)]

    def test_is_all_there_on_the_way(self, worn, office):
        told, seen = ask(office, HERE, per_page=5), []
        while True:
            seen += [row["id"] for row in told["way"]]
            if told["next"] is None:
                break
            told = office.get(told["next"]).json()

        assert seen == list(
            Scan.objects.of(Bag.objects.get(code=HERE)).values_list("id", flat=True)
        )

    def test_of_a_sack_does_not_say_what_lay_in_it_long_ago(self, worn, office):
        at = Scan.objects.latest("pk").recorded_at.isoformat()

        for code in (HERE, SECOND):
            told = ask(office, code, at=at)
            assert (told["position"], told["truncated"]) == (None, True), code

    def test_of_a_child_says_where_it_was_lately(self, worn, office):
        scan(worn.people["office"], "unlink", HERE_CHILD)
        run_commit_hooks()
        at = Scan.objects.latest("pk").recorded_at.isoformat()

        told = ask(office, HERE_CHILD, at=at)

        assert (told["position"]["state"], told["truncated"]) == ("loose", True)

    def test_is_one_that_many_looked_at(self, site, office, monkeypatch):
        monkeypatch.setattr("scans.history.point_in_time.MAX_SCANS_READ", 3)
        assert ask(office, HERE)["truncated"] is False
        for _ in range(3):
            scan(site.people["office"], "inspect", HERE)
        run_commit_hooks()

        told = ask(office, HERE)

        assert told["truncated"] is True
        assert [stay["code"] for stay in told["children"]] == [HERE_CHILD, SECOND]


class TestSomebodyWhoWorksInOneArea:
    def test_sees_no_chain_of_another(self, operator):
        assert operator.get(f"/api/v3/bags/{THERE}/trace").json()["code"] == "bag-unknown"

    def test_sees_neither_lots_nor_company_elsewhere(self, site, operator):
        """A bag came from a sack that now lies elsewhere, with another that still lies in it."""
        ben = site.people["office"]
        assign_batch(make_batch("LOT-SECRET"), THERE, THERE_CHILD, SECOND)
        at = Scan.objects.latest("pk").recorded_at.isoformat()
        scan(ben, "move", SECOND, THERE)
        scan(ben, "move", HERE_CHILD, THERE)
        moved = Scan.objects.latest("pk").recorded_at.isoformat()
        scan(ben, "return", HERE_CHILD, area="lucknow")
        run_commit_hooks()

        for moment in (at, moved):
            told = json.dumps(ask(operator, HERE_CHILD, at=moment))
            assert "LOT-SECRET" not in told
            assert SECOND not in told
            assert THERE_CHILD not in told
        assert SECOND in json.dumps(ask(site.client("office"), HERE_CHILD, at=moved))
