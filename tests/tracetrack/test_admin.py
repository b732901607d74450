"""The admin site: every model, for administrators only, changed through actions only."""

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
APPS = ("accounts", "audit", "bags", "scans", "webhooks", "dashboard")
MODELS = sorted(
    (m for m in site._registry if m._meta.app_label in APPS), key=lambda m: m._meta.label
)


@pytest.fixture
def cho():
    create_reference_data()
    return make_user("cho", Role.ADMINISTRATOR)


@pytest.fixture
def admin_client(cho):
    client = Client()
    client.force_login(cho)
    return client


@pytest.fixture
def filled(cho):
    make_parent("SB10001", children=3)
    make_batch("LOT-1")
    issue_token(cho, "till")


def url(model, page="changelist"):
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/" + (
        "" if page == "changelist" else f"{page}/"
    )


class TestModels:
    def test_are_registered(self):
        from_apps = {m for m in admin.site._registry if m._meta.app_label in APPS}
        assert len(from_apps) == len(MODELS) == 19

    @pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
    def test_are_listed_without_counting_the_table(self, admin_client, filled, model):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = admin_client.get(url(model))

        assert response.status_code == 200
        table = model._meta.db_table
        full = [q["sql"] for q in queries if f'COUNT(*) AS "__count" FROM "{table}"' in q["sql"]]
        if table in ("bags_bag", "scans_scan", "audit_auditentry"):
            assert full == []
        assert len(queries) <= 9

    @pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
    @pytest.mark.parametrize("role", [Role.OFFICE, Role.OPERATOR, Role.VIEWER, Role.INTEGRATOR])
    def test_are_not_accessible_for_other_roles(self, filled, model, role):
        client = Client()
        client.force_login(make_user("dev", role, ["lucknow"]))

        assert client.get(url(model)).status_code == 302

    @pytest.mark.parametrize("name", ["Bag", "Scan", "AuditEntry", "BagTally", "ScanPending"])
    def test_that_are_read_only_cannot_be_added_or_deleted(self, admin_client, filled, name):
        model = next(m for m in MODELS if m.__name__ == name)
        row = model.objects.order_by("pk").first()

        assert admin_client.get(url(model, "add")).status_code == 403
        if row is not None:
            assert (
                admin_client.post(url(model, f"{row.pk}/delete"), {"post": "yes"}).status_code
                == 403
            )
            assert admin_client.get(url(model, f"{row.pk}/change")).status_code == 200

    @pytest.mark.parametrize("label", ["sb10001", "https://x.example/SB10001"])
    def test_bags_are_found_by_code(self, admin_client, filled, label):
        found = admin_client.get("/admin/bags/bag/", {"q": label})

        assert found.context["cl"].result_count == 1

    def test_scans_are_found_by_the_code_of_their_bag(self, admin_client, filled):
        found = admin_client.get("/admin/scans/scan/", {"q": "SB10001"})

        assert found.context["cl"].result_count == Scan.objects.filter(bag__code="SB10001").count()


class TestBatches:
    def run_action(self, admin_client, action, **more):
        batch = Batch.objects.get()
        data = {"action": action, "_selected_action": [batch.pk], **more}
        response = admin_client.post("/admin/bags/batch/", data, follow=True)
        batch.refresh_from_db()
        return batch, response.content.decode()

    def test_are_held_released_and_closed_through_actions(self, admin_client, filled):
        batch, _ = self.run_action(admin_client, "hold", reason="moisture")
        assert (batch.held, batch.held_reason, batch.held_by.username) == (True, "moisture", "cho")
        batch, _ = self.run_action(admin_client, "release")
        assert not batch.held
        batch, _ = self.run_action(admin_client, "close")
        assert batch.state == "closed"
        entries = AuditEntry.objects.filter(subject="batch LOT-1").values_list("action", flat=True)
        assert list(entries.order_by("id")) == ["batch.held", "batch.released", "batch.closed"]

    def test_are_not_held_without_a_reason(self, admin_client, filled):
        batch, page = self.run_action(admin_client, "hold")

        assert not batch.held
        assert "A reason is required." in page

    def test_are_created_through_the_action(self, admin_client, cho):
        mustard = Batch._meta.get_field("bag_type").related_model.objects.get(name="mustard")
        form = {
            "code": "LOT-9", "product": "Mustard", "bag_type": mustard.pk,
            "produced_on": "2026-11-01", "planned_bags": 10,
        }  # fmt: skip

        response = admin_client.post("/admin/bags/batch/add/", form)

        assert response.status_code == 302
        assert Batch.objects.get().code == "LOT-9"
        assert AuditEntry.objects.filter(action="batch.created", actor=cho).exists()

    def test_need_a_valid_code(self, admin_client, cho):
        response = admin_client.post("/admin/bags/batch/add/", {"code": "lot 9"})

        assert response.status_code == 200
        assert not Batch.objects.exists()


class TestUsers:
    def test_are_created_with_a_role_and_audited(self, admin_client, cho):
        form = {
            "username": "new", "role": "operator", "usable_password": "true",
            "password1": "kuchh-aur-lamba", "password2": "kuchh-aur-lamba",
        }  # fmt: skip
        admin_client.post("/admin/accounts/user/add/", form)

        assert User.objects.get(username="new").role == "operator"
        assert AuditEntry.objects.get(action="user.changed").subject == "user new"

    def test_are_never_deleted(self, admin_client, cho):
        other = make_user("dev", Role.OPERATOR)

        admin_client.post(f"/admin/accounts/user/{other.pk}/delete/", {"post": "yes"})

        assert User.objects.filter(username="dev").exists()

    def test_have_a_change_page(self, admin_client, cho):
        assert admin_client.get(f"/admin/accounts/user/{cho.pk}/change/").status_code == 200


class TestTokens:
    def test_are_revoked_and_their_digest_is_not_shown(self, admin_client, cho):
        issue_token(cho, "till")
        token = ApiToken.objects.get()
        data = {"action": "revoke", "_selected_action": [token.pk]}

        admin_client.post("/admin/accounts/apitoken/", data)
        page = admin_client.get(f"/admin/accounts/apitoken/{token.pk}/change/").content.decode()

        token.refresh_from_db()
        assert token.revoked_at is not None
        assert token.digest not in page


class TestAreas:
    def test_do_not_change_their_code(self, admin_client, cho):
        area = Area.objects.get(code="lucknow")
        form = {"code": "delhi", "name": "New", "active": "on"}

        admin_client.post(f"/admin/bags/area/{area.pk}/change/", form)

        area.refresh_from_db()
        assert (area.code, area.name) == ("lucknow", "New")
