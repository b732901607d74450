"""POST scans/bulk: many scans in one request, each with its verdict."""

import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.request import Request

from bags.models import Bag
from scans.api import views
from scans.models import Scan
from tests.api_fixtures import HERE, THERE, run_commit_hooks, scan_body
from tests.factories import child_codes
from tests.problem_assertions import assert_problem
from tracetrack.api import bulk_parsers
from tracetrack.errors.problem import BadRequest

PATH = "/api/v3/scans/bulk"
NDJSON = "application/x-ndjson"
CHILDREN = child_codes(HERE, 12)[2:]


def links(count=3):
    return [scan_body("link", code, HERE) for code in CHILDREN[:count]]


def send(client, items, mode="", kind="application/json"):
    lines = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in items]
    body = b"[" + b",".join(lines) + b"]" if kind == "application/json" else b"\n".join(lines)
    answer = client.post(PATH + (f"?mode={mode}" if mode else ""), body, content_type=kind)
    run_commit_hooks()
    return answer


def body_of(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()


class TestUpload:
    @pytest.mark.parametrize("kind", ["application/json", NDJSON])
    def test_is_recorded_in_order(self, site, operator, kind):
        items = links()

        answer = body_of(send(operator, items, kind=kind))

        assert answer == {
            "total": 3,
            "counts": {"applied": 3, "already": 0, "replayed": 0, "refused": 0},
            "results": [{"ref": item["ref"], "verdict": "applied"} for item in items],
        }
        assert Bag.objects.get(code=HERE).child_count == 5
        assert Scan.objects.latest("id").actor == site.people["operator"]

    def test_is_recorded_once(self, operator):
        items = links()
        send(operator, items)
        before = Scan.objects.count()

        answer = body_of(send(operator, items))

        assert answer["counts"]["replayed"] == 3
        assert Scan.objects.count() == before

    def test_invalidates_cached_responses(self, operator):
        path = "/api/v3/bags/stream?per_page=500"
        before = len(operator.get(path).json()["results"])

        send(operator, links())

        assert len(operator.get(path).json()["results"]) == before + 3

    @pytest.mark.parametrize("kind", ["application/json", NDJSON])
    def test_without_items_records_nothing(self, operator, kind):
        body = b"[ ]" if kind == "application/json" else b"\n \n"

        answer = operator.post(PATH, body, content_type=kind)

        assert body_of(answer)["results"] == []

    def test_is_limited_to_own_areas(self, operator):
        items = [scan_body("inspect", THERE), scan_body("inspect", HERE, area="indore")]

        codes = [row["code"] for row in body_of(send(operator, items))["results"]]

        assert codes == ["bag-unknown", "area-forbidden"]

    def test_needs_a_constant_number_of_queries(self, operator):
        costs = []
        for count in (2, 8):
            with CaptureQueriesContext(connection) as queries:
                send(operator, [scan_body("inspect", HERE) for _ in range(count)])
            costs.append(len(queries))

        assert costs[0] == costs[1]


class TestModeEach:
    @pytest.mark.parametrize("kind", ["application/json", NDJSON])
    def test_reports_a_refused_scan_and_records_the_others(self, operator, kind):
        good, bad = links(2), scan_body("inspect", "SB99999")

        answer = body_of(send(operator, [good[0], bad, good[1]], kind=kind))

        assert answer["counts"] == {"applied": 2, "already": 0, "replayed": 0, "refused": 1}
        assert answer["results"][1] == {
            "ref": bad["ref"],
            "verdict": "refused",
            "code": "bag-unknown",
            "title": "The bag was not found.",
            "detail": "Bag SB99999 was not found.",
            "facts": {"bag": "SB99999"},
        }

    @pytest.mark.parametrize("kind", ["application/json", NDJSON])
    @pytest.mark.parametrize(
        ("item", "message"),
        [
            (b'{"ref": "1", "ref": "2"}', "occurs twice"),
            (b'{"code": "a\\u0000b"}', "invalid characters"),
            (b'{"code": "\\ud800"}', "invalid characters"),
            (b'{"a": NaN}', "is not a JSON number"),
            (b'{"a": 1e999}', "too large"),
            (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
            (b'{"a":' * 33 + b"1" + b"}" * 33, "deeper than 32"),
            (b"[" * 20_000 + b"]" * 20_000, "deeper than 32"),
            (b'{"a" 1, "b": ["]", "\\"}"]}', "not JSON"),
            (b"7", "is not a JSON object"),
            (b"[]", "is not a JSON object"),
            (b"null", "is not a JSON object"),
        ],
    )
    def test_refuses_an_item_that_cannot_be_parsed(self, operator, kind, item, message):
        good = links(2)

        answer = body_of(send(operator, [good[0], item, good[1]], kind=kind))

        verdicts = [row["verdict"] for row in answer["results"]]
        assert verdicts == ["applied", "refused", "applied"]
        refused = answer["results"][1]
        assert (refused["code"], refused["ref"]) == ("bad-row", None)
        assert message in refused["detail"]

    def test_names_the_ref_of_an_item_with_a_bad_field(self, operator):
        item = scan_body("link", CHILDREN[0]) | {"ref": "mine"}

        (refused,) = body_of(send(operator, [item]))["results"]

        assert (refused["ref"], refused["code"]) == ("mine", "bad-row")
        assert refused["facts"]["field"] == "parent_code"

    def test_refuses_a_line_that_is_too_long(self, operator, monkeypatch):
        monkeypatch.setattr(bulk_parsers, "MAX_LINE_BYTES", 1000)
        good, long = links(2), scan_body("inspect", HERE, note="x" * 5000)

        answer = body_of(send(operator, [good[0], long, good[1]], kind=NDJSON))

        assert [r["verdict"] for r in answer["results"]] == ["applied", "refused", "applied"]


class TestModeAll:
    def test_records_nothing_if_one_item_is_refused(self, operator):
        before = Scan.objects.count()
        items = [*links(2), scan_body("inspect", "SB99999"), scan_body("complete", HERE)]

        document = assert_problem(send(operator, items, "all"), 409, "upload-refused")

        facts = document["facts"]
        assert (facts["refused"], facts["total"]) == (1, 4)
        (first,) = facts["first"]
        assert (first["item"], first["code"], first["ref"]) == (2, "bag-unknown", items[2]["ref"])
        assert Scan.objects.count() == before
        assert not Bag.objects.filter(code=CHILDREN[0]).exists()

    def test_lists_the_first_refusals_and_counts_all(self, operator):
        items = [scan_body("inspect", f"SB9{n:04d}") for n in range(25)]

        facts = send(operator, items, "all").json()["facts"]

        assert facts["refused"] == 25
        assert [row["item"] for row in facts["first"]] == list(range(20))

    def test_records_everything_without_a_refusal(self, operator):
        assert body_of(send(operator, links(), "all"))["counts"]["applied"] == 3

    def test_refuses_other_modes(self, operator):
        assert send(operator, links(), "some").json()["facts"]["field"] == "mode"
        answer = operator.post(f"{PATH}?chunk=1", b"[]", content_type="application/json")
        assert answer.json()["code"] == "unknown-parameter"


class TestRefusedUpload:
    @pytest.fixture(autouse=True)
    def assert_nothing_is_written(self, site):
        before = Scan.objects.count()
        yield
        assert Scan.objects.count() == before

    def test_with_too_many_items(self, operator, monkeypatch):
        monkeypatch.setattr(views, "MAX_UPLOAD_SCANS", 3)

        for kind in ("application/json", NDJSON):
            answer = send(operator, links(4), kind=kind)
            assert assert_problem(answer, 413, "too-many-scans")["facts"] == {"limit": 3}

    def test_with_more_than_50_000_items(self, operator):
        answer = send(operator, [b"{}"] * 50_001)

        assert assert_problem(answer, 413, "too-many-scans")["facts"] == {"limit": 50_000}

    def test_with_too_many_bytes(self, operator, settings):
        settings.UPLOAD_MEGABYTES = 1

        for kind in ("application/json", NDJSON):
            answer = send(operator, [b'"' + b"x" * 2**20 + b'"'], kind=kind)
            assert_problem(answer, 413, "too-large")

    @pytest.mark.parametrize("cut", [1, 2, 40, 300])
    def test_with_an_incomplete_array(self, operator, cut):
        body = json.dumps(links()).encode()[:-cut]

        assert_problem(
            operator.post(PATH, body, content_type="application/json"), 400, "bad-request"
        )

    @pytest.mark.parametrize("cut", [1, 40])
    def test_with_an_incomplete_last_line(self, operator, cut):
        body = b"\n".join(json.dumps(item).encode() for item in links())[:-cut]

        assert_problem(operator.post(PATH, body, content_type=NDJSON), 400, "bad-request")

    @pytest.mark.parametrize("parser", [bulk_parsers.JsonArrayParser, bulk_parsers.NdjsonParser])
    def test_with_fewer_bytes_than_announced(self, rf, parser):
        whole = b"[]\n[]\n"
        request = Request(rf.post(PATH, whole, content_type="application/json"))

        with pytest.raises(BadRequest, match="is incomplete"):
            list(parser().parse(io.BytesIO(whole[:3]), None, {"request": request}))

    @pytest.mark.parametrize(
        "body", [b"", b"{}", b"null", b'"x"', b"[{}{}]", b"[{},]", b"[{}] x", b"[,]", b"\xff[]"]
    )
    def test_without_an_array(self, operator, body):
        answer = operator.post(PATH, body, content_type="application/json")

        if b"," in body:
            assert body_of(answer)["counts"]["refused"] == 2
        else:
            assert_problem(answer, 400, "bad-request")

    @pytest.mark.parametrize("kind", ["text/csv", "application/x-www-form-urlencoded"])
    def test_of_another_content_type(self, operator, kind):
        assert operator.post(PATH, b"a=b", content_type=kind).status_code == 415

    def test_with_a_compressed_body(self, operator):
        answer = operator.post(
            PATH, b"[]", content_type=NDJSON, headers={"Content-Encoding": "gzip"}
        )

        assert answer.status_code == 415

    def test_while_other_uploads_run(self, operator, monkeypatch):
        none = views.threading.BoundedSemaphore(1)
        none.acquire()
        monkeypatch.setattr(views, "_uploads", none)

        answer = assert_problem(send(operator, links()), 503, "busy")
        assert answer["facts"] == {}

    def test_releases_its_place(self, operator, monkeypatch):
        monkeypatch.setattr(views, "_uploads", views.threading.BoundedSemaphore(1))

        for _ in range(3):
            assert operator.post(PATH, b"[", content_type=NDJSON).status_code == 400
