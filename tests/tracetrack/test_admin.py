"""Every model in the back office: for administrators alone, changed through actions alone."""

import pytest
from django.contrib import admin
from django.contrib.admin.sites import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken, User
from accounts.roles import Role
from accounts.tokens import issue_token
from audit.models import AuditEntry
from bags.models import Area, Batch
from scans.models import Scan
from tests.factories import create_reference_data, make_batch, make_parent, make_user

pytestmark = pytest.mark.django_db
OURS = ("tracetrack", "bags", "scans", "dashboard")
MODELS = sorted(
    (m for m in site._registry if m._meta.app_label in OURS), key=lambda m: m._meta.label
)


@pytest.fixture
def cho():
    create_reference_data()
    return make_user("cho", Role.ADMINISTRATOR)


@pytest.fixture
def desk(cho):
    client = Client()
    client.force_login(cho)
    return client


@pytest.fixture
def filled(cho):
    make_parent("SB10001", children=3)
    make_batch("LOT-1")
    issue_token(cho, "till")


def address(model, page="changelist"):
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/" + (
        "" if page == "changelist" else f"{page}/"
    )


class TestTheBackOffice:
    def test_knows_every_model(self):
        from_apps = {m for m in admin.site._registry if m._meta.app_label in OURS}
        assert len(from_apps) == len(MODELS) == 16

    @pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
    def test_lists_without_counting_the_table(self, desk, filled, model):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = desk.get(address(model))

        assert answer.status_code == 200
        table = model._meta.db_table
        full = [q["sql"] for q in queries if f'COUNT(*) AS "__count" FROM "{table}"' in q["sql"]]
        if table in ("bags_bag", "scans_scan", "audit_auditentry"):
            assert full == []
        assert len(queries) <= 9

    @pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
    @pytest.mark.parametrize("role", [Role.OFFICE, Role.OPERATOR, Role.VIEWER, Role.INTEGRATOR])
    def test_is_closed_to_everybody_else(self, filled, model, role):
        client = Client()
        client.force_login(make_user("dev", role, ["lucknow"]))

        assert client.get(address(model)).status_code == 302

    @pytest.mark.parametrize("name", ["Bag", "Scan", "AuditEntry", "BagTally", "ScanPending"])
    def test_neither_adds_nor_deletes_what_has_no_eraser(self, desk, filled, name):
        model = next(m for m in MODELS if m.__name__ == name)
        row = model.objects.order_by("pk").first()

        assert desk.get(address(model, "add")).status_code == 403
        if row is not None:
            assert desk.post(address(model, f"{row.pk}/delete"), {"post": "yes"}).status_code == 403
            assert desk.get(address(model, f"{row.pk}/change")).status_code == 200

    @pytest.mark.parametrize("label", ["sb10001", "https://x.example/SB10001"])
    def test_finds_a_bag_by_its_code(self, desk, filled, label):
        found = desk.get("/admin/bags/bag/", {"q": label})

        assert found.context["cl"].result_count == 1

    def test_finds_the_scans_of_a_bag(self, desk, filled):
        found = desk.get("/admin/scans/scan/", {"q": "SB10001"})

        assert found.context["cl"].result_count == Scan.objects.filter(bag__code="SB10001").count()


class TestBatches:
    def act(self, desk, action, **more):
        batch = Batch.objects.get()
        chosen = {"action": action, "_selected_action": [batch.pk], **more}
        answer = desk.post("/admin/bags/batch/", chosen, follow=True)
        batch.refresh_from_db()
        return batch, answer.content.decode()

    def test_are_held_with_a_reason_released_and_closed_through_the_actions(self, desk, filled):
        batch, _ = self.act(desk, "hold", reason="moisture")
        assert (batch.held, batch.held_reason, batch.held_by.username) == (True, "moisture", "cho")
        batch, _ = self.act(desk, "release")
        assert not batch.held
        batch, _ = self.act(desk, "close")
        assert batch.state == "closed"
        told = AuditEntry.objects.filter(subject="batch LOT-1").values_list("action", flat=True)
        assert list(told.order_by("id")) == ["batch.held", "batch.released", "batch.closed"]

    def test_are_not_held_without_a_reason(self, desk, filled):
        batch, page = self.act(desk, "hold")

        assert not batch.held
        assert "A reason is needed." in page

    def test_are_created_through_the_action(self, desk, cho):
        mustard = Batch._meta.get_field("bag_type").related_model.objects.get(name="mustard")
        form = {
            "code": "LOT-9", "product": "Mustard", "bag_type": mustard.pk,
            "produced_on": "2026-11-01", "planned_bags": 10,
        }  # fmt: skip

        answer = desk.post("/admin/bags/batch/add/", form)

        assert answer.status_code == 302
        assert Batch.objects.get().code == "LOT-9"
        assert AuditEntry.objects.filter(action="batch.created", actor=cho).exists()

    def test_refuse_a_code_that_is_none(self, desk, cho):
        answer = desk.post("/admin/bags/batch/add/", {"code": "lot 9"})

        assert answer.status_code == 200
        assert not Batch.objects.exists()


class TestPeople:
    def test_are_made_with_a_role_and_audited(self, desk, cho):
        form = {
            "username": "new", "role": "operator", "usable_password": "true",
            "password1": "kuchh-aur-lamba", "password2": "kuchh-aur-lamba",
        }  # fmt: skip
        desk.post("/admin/tracetrack/user/add/", form)

        assert User.objects.get(username="new").role == "operator"
        assert AuditEntry.objects.get(action="user.changed").subject == "user new"

    def test_are_never_deleted(self, desk, cho):
        other = make_user("dev", Role.OPERATOR)

        desk.post(f"/admin/tracetrack/user/{other.pk}/delete/", {"post": "yes"})

        assert User.objects.filter(username="dev").exists()

    def test_have_their_page(self, desk, cho):
        assert desk.get(f"/admin/tracetrack/user/{cho.pk}/change/").status_code == 200


class TestTokens:
    def test_are_revoked_and_never_shown(self, desk, cho):
        issue_token(cho, "till")
        token = ApiToken.objects.get()
        chosen = {"action": "revoke", "_selected_action": [token.pk]}

        desk.post("/admin/tracetrack/apitoken/", chosen)
        page = desk.get(f"/admin/tracetrack/apitoken/{token.pk}/change/").content.decode()

        token.refresh_from_db()
        assert token.revoked_at is not None
        assert token.digest not in page


class TestAreas:
    def test_keep_their_code(self, desk, cho):
        area = Area.objects.get(code="lucknow")
        form = {"code": "delhi", "name": "New", "active": "on"}

        desk.post(f"/admin/bags/area/{area.pk}/change/", form)

        area.refresh_from_db()
        assert (area.code, area.name) == ("lucknow", "New")
