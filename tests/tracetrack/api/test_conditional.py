"""ETag and 304 on what is read; If-Match and 412 on what is changed."""

import pytest

from tests.api_fixtures import CALLS, HERE, LOT, post, scan_body, send
from tests.problem_assertions import assert_problem
from webhooks.models import Webhook

READS = [name for name in CALLS if name.startswith("GET ")]
# Its figures are never the same, its tag leaves out how long it took, two streams, and a page.
OWN = (
    "GET health", "GET dashboard/ultra", "GET scans/stream", "GET batches/<path:code>/recall",
    "GET docs",
)  # fmt: skip


def tag_of(client, path):
    return client.get(f"/api/v3/{path}")["ETag"]


class TestARead:
    @pytest.mark.parametrize("name", [name for name in READS if name not in OWN])
    def test_costs_no_body_where_nothing_changed(self, site, name):
        call, client = CALLS[name](site, "office"), site.client("office")
        first = call.by(client, "GET")

        again = client.get(f"/api/v3/{call.path}", headers={"If-None-Match": first["ETag"]})

        assert first["ETag"].startswith('"')
        assert first["Cache-Control"] == again["Cache-Control"] == "private, no-cache"
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Vary"] == first["Vary"]

    @pytest.mark.parametrize("given", ['"x"', "nonsense", '"', "", 'W/"x", "y"'])
    def test_answers_in_full_where_something_else_is_known(self, office, given):
        answer = office.get(f"/api/v3/bags/{HERE}", headers={"If-None-Match": given})

        assert answer.status_code == 200
        assert answer.json()["code"] == HERE

    def test_knows_its_tag_among_others_and_when_a_proxy_made_it_weak(self, office):
        tag = tag_of(office, "areas")
        for given in (f'"x", {tag}', f"W/{tag}", "*"):
            answer = office.get("/api/v3/areas", headers={"If-None-Match": given})
            assert answer.status_code == 304

    def test_has_another_tag_once_it_changed(self, office):
        before = tag_of(office, f"bags/{HERE}")
        post(office, "scans", scan_body("complete", HERE))

        assert tag_of(office, f"bags/{HERE}") != before

    def test_has_the_same_tag_by_head(self, office):
        assert office.head(f"/api/v3/batches/{LOT}")["ETag"] == tag_of(office, f"batches/{LOT}")

    def test_that_is_refused_has_none(self, office):
        assert "ETag" not in office.get("/api/v3/bags/SB99999")


HOOKS = [
    "PATCH webhooks/<int:webhook>",
    "DELETE webhooks/<int:webhook>",
    "POST webhooks/<int:webhook>/rotate",
]


class TestAChange:
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
    def test_is_made_where_it_is_what_was_seen(self, administrator, method, path, read, body):
        headers = {"If-Match": tag_of(administrator, read)}

        answer = send(administrator, method, path, body, headers=headers)

        assert answer.status_code == 200
        assert answer["ETag"] == tag_of(administrator, read)

    @pytest.mark.parametrize(("method", "path", "read", "body"), CHANGES)
    @pytest.mark.parametrize("given", ['"x"', "", "nonsense", 'W/"x"'])
    def test_is_not_made_where_it_is_not(self, administrator, method, path, read, body, given):
        before = administrator.get(f"/api/v3/{read}").json()

        answer = send(administrator, method, path, body, headers={"If-Match": given})

        assert_problem(answer, 412, "changed-meanwhile")
        assert administrator.get(f"/api/v3/{read}").json() == before

    def test_is_not_made_by_a_weak_tag(self, administrator):
        headers = {"If-Match": f"W/{tag_of(administrator, 'areas/lucknow')}"}

        answer = send(administrator, "PATCH", "areas/lucknow", {"name": "x"}, headers=headers)

        assert_problem(answer, 412, "changed-meanwhile")

    def test_is_made_by_any_tag_where_any_will_do(self, administrator):
        headers = {"If-Match": "*"}

        answer = send(administrator, "PATCH", "areas/lucknow", {"name": "x"}, headers=headers)

        assert answer.status_code == 200

    @pytest.mark.parametrize("name", HOOKS)
    @pytest.mark.parametrize(("given", "status"), [(None, 0), ("*", 0), ("", 412), ('"x"', 412)])
    def test_of_a_webhook_is_made_where_it_is_what_was_seen(self, site, name, given, status):
        call, client = CALLS[name](site, "office"), site.client("office")
        seen = client.get(f"/api/v3/{call.path.removesuffix('/rotate')}")
        # What becomes of its deliveries is nothing that somebody changed.
        Webhook.objects.update(failures=3)
        tag = seen["ETag"] if given is None else given

        method, headers = name.split()[0], {"If-Match": tag}
        answer = send(client, method, call.path, call.body or {}, headers=headers)

        if status:
            assert_problem(answer, status, "changed-meanwhile")
            assert Webhook.objects.get().state == "active"
        else:
            assert answer.status_code in (200, 201)
            again = send(
                client, method, call.path, call.body or {}, headers={"If-Match": seen["ETag"]}
            )
            assert again.status_code in (404, 412)

    def test_made_by_somebody_else_is_seen(self, administrator, office):
        seen = tag_of(office, f"batches/{LOT}")
        send(administrator, "PATCH", f"batches/{LOT}", {"notes": "mine"})

        answer = send(
            office, "PATCH", f"batches/{LOT}", {"notes": "his"}, headers={"If-Match": seen}
        )

        assert_problem(answer, 412, "changed-meanwhile")
        assert office.get(f"/api/v3/batches/{LOT}").json()["notes"] == "mine"

    def test_of_a_batch_is_not_hindered_by_scans_of_its_bags(self, office):
        seen = tag_of(office, f"batches/{LOT}")
        post(office, "scans", scan_body("complete", HERE))
        assert tag_of(office, f"batches/{LOT}") != seen

        answer = send(office, "PATCH", f"batches/{LOT}", {"notes": "x"}, headers={"If-Match": seen})

        assert answer.status_code == 200
