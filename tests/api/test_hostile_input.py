"""Hostile input is rejected with a problem, never with a server error."""

import json

import pytest

from scans.models import Scan
from tests.api_fixtures import CALLS, HERE, run_commit_hooks, scan_body
from tests.hostile_bodies import HOSTILE_BODIES, assert_refused
from tracetrack.api.json_parser import loads
from tracetrack.errors.problem import BadRequest

PATHS = ["scans", "scans/{scan}/undo", "batch/stats", "cache/clear"]
VALUES = [
    "%00", "a%00b", "%ED%A0%80", "%FF", "'", "%27%20OR%201%3D1--", "%25", "_", "\\", "1e3", "-1",
    "99999999999999999999", "", "%20", "..%2F..%2Fetc", "%3Cscript%3E", "a" * 3000, "%F0%9F%8C%BE",
    "%E2%80%AE", "[]", "{}", "NaN", "%0A%0D", "{0.__class__}", "%25s",
]  # fmt: skip
PARAMETERS = {
    "bags/stream": [
        "kind", "state", "area", "batch", "bag_type", "loose", "per_page", "cursor", "format",
        "after",
    ],
    "scans/stream": ["step", "outcome", "area", "username", "format", "after"],
    "bags": ["kind", "per_page", "cursor"],
    "batches": ["state", "held", "bag_type", "product", "per_page", "cursor"],
    "search": ["q"],
    "scans": ["limit"],
}  # fmt: skip
CODES = ["bags/{}", "bags/{}/timeline", "bags/{}/children", "batches/{}"]


class TestHostileBody:
    @pytest.mark.parametrize("path", PATHS)
    def test_is_rejected(self, site, path):
        client = site.client("administrator")
        mine = CALLS["POST scans/<int:scan>/undo"](site, "administrator").path
        address = mine if "{scan}" in path else path
        before = Scan.objects.count()

        for name, body in HOSTILE_BODIES.items():
            answer = client.post(f"/api/v3/{address}", body, content_type="application/json")
            assert_refused(answer, name)

        assert Scan.objects.count() == before

    @pytest.mark.parametrize("field", sorted(scan_body("link", "CB000000903", HERE)))
    def test_is_rejected_in_each_field(self, operator, field):
        good = scan_body("link", "CB000000903", HERE)

        for value in (
            7, 1.5, True, [], {}, ["x"], {"x": 1}, "x" * 100_000, "\u202e", "'; DROP TABLE", -1,
            10**400, "{0.__class__}", "{}", "%s",
        ):  # fmt: skip
            answer = operator.post(
                "/api/v3/scans", json.dumps(good | {field: value}), content_type="application/json"
            )
            run_commit_hooks()
            assert_refused(answer, value)

    @pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
    def test_is_rejected_in_uploads(self, site, kind):
        client = site.client("administrator")
        before = Scan.objects.count()

        for name, body in HOSTILE_BODIES.items():
            answer = client.post("/api/v3/scans/bulk", body, content_type=kind)
            if answer.status_code == 200:
                assert answer.json()["counts"]["refused"] == answer.json()["total"], name
            else:
                assert_refused(answer, name)

        assert Scan.objects.count() == before


class TestHostileUrl:
    @pytest.mark.parametrize(
        ("path", "name"), [(path, name) for path, names in PARAMETERS.items() for name in names]
    )
    def test_value_finds_nothing_or_is_rejected(self, operator, path, name):
        for value in VALUES:
            answer = operator.get(f"/api/v3/{path}?{name}={value}")
            if answer.status_code != 200:
                assert_refused(answer, value)
            b"".join(answer)

    @pytest.mark.parametrize("path", sorted({call.split(" ")[1] for call in CALLS} - {"health"}))
    def test_unknown_parameter_is_rejected(self, operator, path):
        address = path.replace("<path:code>", HERE).replace("<int:scan>", "1")

        for name in ("x", "%00", "%ED%A0%80", "kind__in", "parent__code", "__proto__", "a" * 3000):
            answer = operator.get(f"/api/v3/{address}?{name}=1")
            assert_refused(answer, name)

    def test_a_thousand_parameters_are_rejected(self, operator):
        many = "&".join(f"a{n}=1" for n in range(1001))

        assert_refused(operator.get(f"/api/v3/scans?{many}"), "many parameters")

    @pytest.mark.parametrize("path", CODES)
    def test_code_is_rejected(self, operator, path):
        for value in (value for value in VALUES if value):
            assert_refused(operator.get(f"/api/v3/{path.format(value)}"), value)


class TestStrictJson:
    def test_parses_valid_json(self):
        body = b'{"a": [1, 2.5, "\\ud83c\\udf3e", null, true], "b": {}}'

        assert loads(body) == {"a": [1, 2.5, "\N{EAR OF RICE}", None, True], "b": {}}

    def test_accepts_32_levels(self):
        assert loads(b"[" * 32 + b"]" * 32)
        with pytest.raises(BadRequest, match="deeper than 32"):
            loads(b"[" * 33 + b"]" * 33)

    def test_names_a_duplicate_key(self):
        with pytest.raises(BadRequest, match="“a”"):
            loads(b'{"a": 1, "b": 2, "a": 1}')

    @pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"Infinity", b"-Infinity"])
    def test_rejects_non_finite_numbers(self, number):
        with pytest.raises(BadRequest, match="number"):
            loads(b'{"a": [' + number + b"]}")
