"""Conditional requests: ETag and 304 for reads, If-Match and 412 for changes."""

import pytest

from tests.api_fixtures import CALLS, HERE, LOT, post, scan_body, send
from tests.problem_assertions import assert_problem
from webhooks.models import Webhook

READS = [name for name in CALLS if name.startswith("GET ")]
# Health differs each time, the ETag of ultra ignores its response time, two exports, and a page.
OWN = (
    "GET health", "GET dashboard/ultra", "GET scans/stream", "GET batches/<path:code>/recall",
    "GET docs",
)  # fmt: skip


def tag_of(client, path):
    return client.get(f"/api/v3/{path}")["ETag"]


class TestIfNoneMatch:
    @pytest.mark.parametrize("name", [name for name in READS if name not in OWN])
    def test_returns_304_for_the_current_etag(self, site, name):
        call, client = CALLS[name](site, "office"), site.client("office")
        first = call.by(client, "GET")

        again = client.get(f"/api/v3/{call.path}", headers={"If-None-Match": first["ETag"]})

        assert first["ETag"].startswith('"')
        assert first["Cache-Control"] == again["Cache-Control"] == "private, no-cache"
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Vary"] == first["Vary"]

    @pytest.mark.parametrize("etag", ['"x"', "nonsense", '"', "", 'W/"x", "y"'])
    def test_returns_200_for_another_etag(self, office, etag):
        answer = office.get(f"/api/v3/bags/{HERE}", headers={"If-None-Match": etag})

        assert answer.status_code == 200
        assert answer.json()["code"] == HERE

    def test_accepts_lists_and_weak_etags(self, office):
        tag = tag_of(office, "areas")
        for etag in (f'"x", {tag}', f"W/{tag}", "*"):
            answer = office.get("/api/v3/areas", headers={"If-None-Match": etag})
            assert answer.status_code == 304

    def test_etag_changes_with_the_content(self, office):
        before = tag_of(office, f"bags/{HERE}")
        post(office, "scans", scan_body("complete", HERE))

        assert tag_of(office, f"bags/{HERE}") != before

    def test_etag_of_head_is_that_of_get(self, office):
        assert office.head(f"/api/v3/batches/{LOT}")["ETag"] == tag_of(office, f"batches/{LOT}")

    def test_errors_have_no_etag(self, office):
        assert "ETag" not in office.get("/api/v3/bags/SB99999")


HOOKS = [
    "PATCH webhooks/<int:webhook>",
    "DELETE webhooks/<int:webhook>",
    "POST webhooks/<int:webhook>/rotate",
]


class TestIfMatch:
    CHANGES = [
        ("PATCH", f"batches/{LOT}", f"batches/{LOT}", {"notes": "x"}),
        ("POST", f"batches/{LOT}/hold", f"batches/{LOT}", {"reason": "x"}),
        ("POST", f"batches/{LOT}/release", f"batches/{LOT}", {}),
        ("POST", f"batches/{LOT}/close", f"batches/{LOT}", {}),
        ("PATCH", "areas/lucknow", "areas/lucknow", {"name": "x"}),
        ("PATCH", "bag-types/mustard", "bag-types/mustard", {"capacity": 7}),
    ]

    @pytest.fixture
    def administrator(self, site):
        return site.client("administrator")

    @pytest.mark.parametrize(("method", "path", "read", "body"), CHANGES)
    def test_accepts_the_current_version(self, administrator, method, path, read, body):
        headers = {"If-Match": tag_of(administrator, read)}

        answer = send(administrator, method, path, body, headers=headers)

        assert answer.status_code == 200
        assert answer["ETag"] == tag_of(administrator, read)

    @pytest.mark.parametrize(("method", "path", "read", "body"), CHANGES)
    @pytest.mark.parametrize("etag", ['"x"', "", "nonsense", 'W/"x"'])
    def test_rejects_another_version(self, administrator, method, path, read, body, etag):
        before = administrator.get(f"/api/v3/{read}").json()

        answer = send(administrator, method, path, body, headers={"If-Match": etag})

        assert_problem(answer, 412, "changed-meanwhile")
        assert administrator.get(f"/api/v3/{read}").json() == before

    def test_rejects_a_weak_etag(self, administrator):
        headers = {"If-Match": f"W/{tag_of(administrator, 'areas/lucknow')}"}

        answer = send(administrator, "PATCH", "areas/lucknow", {"name": "x"}, headers=headers)

        assert_problem(answer, 412, "changed-meanwhile")

    def test_accepts_an_asterisk(self, administrator):
        headers = {"If-Match": "*"}

        answer = send(administrator, "PATCH", "areas/lucknow", {"name": "x"}, headers=headers)

        assert answer.status_code == 200

    @pytest.mark.parametrize("name", HOOKS)
    @pytest.mark.parametrize(("etag", "status"), [(None, 0), ("*", 0), ("", 412), ('"x"', 412)])
    def test_works_for_webhooks(self, site, name, etag, status):
        call, client = CALLS[name](site, "office"), site.client("office")
        webhook = client.get(f"/api/v3/{call.path.removesuffix('/rotate')}")
        # Deliveries do not change the version of a webhook.
        Webhook.objects.update(failures=3)
        tag = webhook["ETag"] if etag is None else etag

        method, headers = name.split()[0], {"If-Match": tag}
        answer = send(client, method, call.path, call.body or {}, headers=headers)

        if status:
            assert_problem(answer, status, "changed-meanwhile")
            assert Webhook.objects.get().state == "active"
        else:
            assert answer.status_code in (200, 201)
            again = send(
                client, method, call.path, call.body or {}, headers={"If-Match": webhook["ETag"]}
            )
            assert again.status_code in (404, 412)

    def test_detects_a_change_by_another_user(self, administrator, office):
        etag = tag_of(office, f"batches/{LOT}")
        send(administrator, "PATCH", f"batches/{LOT}", {"notes": "mine"})

        answer = send(
            office, "PATCH", f"batches/{LOT}", {"notes": "other"}, headers={"If-Match": etag}
        )

        assert_problem(answer, 412, "changed-meanwhile")
        assert office.get(f"/api/v3/batches/{LOT}").json()["notes"] == "mine"

    def test_ignores_scans_of_the_bags_of_a_batch(self, office):
        etag = tag_of(office, f"batches/{LOT}")
        post(office, "scans", scan_body("complete", HERE))
        assert tag_of(office, f"batches/{LOT}") != etag

        answer = send(office, "PATCH", f"batches/{LOT}", {"notes": "x"}, headers={"If-Match": etag})

        assert answer.status_code == 200
