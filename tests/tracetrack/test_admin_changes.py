"""Changes in the admin site: they run actions, which audit them and invalidate the cache."""

import pytest
from django.test import Client

from accounts.roles import Role
from audit.models import AuditEntry
from bags import actions
from bags.events import ALL_CACHES
from bags.models import Area, BagType, Batch
from tests.factories import create_reference_data, make_user
from tracetrack import cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client():
    create_reference_data()
    client = Client()
    client.force_login(make_user("cho", Role.ADMINISTRATOR))
    return client


@pytest.fixture
def invalidated(monkeypatch):
    patterns = []
    monkeypatch.setattr(cache, "invalidate", lambda *names: patterns.extend(names))
    return patterns


def audited(action):
    """Return subject and facts of the only audit entry with this action."""
    entry = AuditEntry.objects.get(action=action)
    assert entry.actor_name == "cho"
    return entry.subject, entry.facts


def form_errors(response):
    """Return the error messages of a form."""
    assert response.status_code == 200
    form = response.context["adminform"].form
    return " ".join(message for messages in form.errors.values() for message in messages)


class TestArea:
    def save(self, admin_client, area, **more):
        form = {"code": area.code, "name": area.name, "active": "on"} | more
        return admin_client.post(f"/admin/bags/area/{area.pk}/change/", form)

    def test_a_change_is_audited_and_invalidates_the_cache(self, admin_client, invalidated):
        self.save(admin_client, Area.objects.get(code="lucknow"), name="Lucknow North")

        facts = {"area": "lucknow", "called": "Lucknow North", "gln": "", "active": True}
        assert audited("area.changed") == ("area lucknow", facts)
        assert set(invalidated) == set(ALL_CACHES)

    def test_members_that_join_and_leave_are_audited(self, admin_client, invalidated):
        area = Area.objects.get(code="lucknow")
        make_user("gone", Role.OPERATOR, ["lucknow"])
        make_user("stays", Role.OPERATOR, ["lucknow"])
        new = [make_user("new", Role.OPERATOR).pk, area.members.get(username="stays").pk]

        self.save(admin_client, area, members=new)

        facts = {"area": "lucknow", "joined": ["new"], "left": ["gone"]}
        assert audited("area.staffed") == ("area lucknow", facts)
        assert set(area.members.values_list("username", flat=True)) == {"new", "stays"}

    def test_new_members_invalidate_the_cache(self, admin_client, invalidated):
        cho = make_user("cho", Role.ADMINISTRATOR)
        actions.staff_area(actor=cho, area=Area.objects.get(code="lucknow"), members=[cho])

        assert set(invalidated) == set(ALL_CACHES)

    def test_unchanged_members_are_not_audited(self, admin_client):
        make_user("stays", Role.OPERATOR, ["lucknow"])
        area = Area.objects.get(code="lucknow")

        self.save(admin_client, area, members=[area.members.get().pk])

        assert not AuditEntry.objects.filter(action="area.staffed").exists()

    def test_is_created(self, admin_client):
        admin_client.post("/admin/bags/area/add/", {"code": "kota", "name": "Kota", "active": "on"})

        assert Area.objects.get(code="kota").name == "Kota"
        assert audited("area.changed")[0] == "area kota"

    def test_errors_are_sentences(self, admin_client):
        form = {"code": "Kota_1", "name": "Kota", "gln": "123"}

        errors = form_errors(admin_client.post("/admin/bags/area/add/", form))

        assert "An area's code has lowercase letters, digits and hyphens" in errors
        assert "A GLN has 13 digits." in errors
        assert "Constraint" not in errors


class TestBagType:
    FORM = {
        "name": "jute", "parent_pattern": r"^JB\d{6}$", "child_pattern": r"^JC\d{6}$",
        "capacity": 30, "child_weight": "1.000",
    }  # fmt: skip

    def add(self, admin_client, **more):
        return admin_client.post("/admin/bags/bagtype/add/", self.FORM | more)

    def test_is_created_through_the_action(self, admin_client, invalidated):
        assert self.add(admin_client).status_code == 302

        facts = {"bag_type": "jute"} | {k: v for k, v in self.FORM.items() if k != "name"}
        assert audited("bag_type.changed") == ("bag type jute", facts)
        assert set(invalidated) == set(ALL_CACHES)

    @pytest.mark.parametrize("pattern", ["[", "^(A+)+Z$", r"(A)\1", "A" * 129])
    def test_a_slow_or_invalid_pattern_is_an_error(self, admin_client, pattern):
        form_errors(self.add(admin_client, parent_pattern=pattern))

        assert not BagType.objects.filter(name="jute").exists()

    def test_errors_are_sentences(self, admin_client):
        errors = form_errors(
            self.add(admin_client, parent_pattern="[", capacity=0, child_weight="0")
        )
        errors += form_errors(self.add(admin_client, capacity=1001, child_weight="-1"))

        assert "Allowed are the characters of a code" in errors
        assert "A bag holds between 1 and 1,000 children." in errors
        assert "The weight of a child must be positive." in errors
        assert "Constraint" not in errors


class TestBatch:
    def add(self, admin_client, **more):
        form = {
            "product": "Mustard", "bag_type": BagType.objects.get(name="mustard").pk,
            "produced_on": "2026-11-01", "planned_bags": 10,
        }  # fmt: skip
        return admin_client.post("/admin/bags/batch/add/", form | more)

    @pytest.mark.parametrize("typed", ["lot-low", " LOT-LOW ", "\uff2c\uff2f\uff34-low"])
    def test_the_code_is_normalized(self, admin_client, typed):
        assert self.add(admin_client, code=typed).status_code == 302

        assert Batch.objects.get().code == "LOT-LOW"

    def test_the_normalized_code_is_unique(self, admin_client):
        self.add(admin_client, code="LOT-LOW")

        assert "already exists" in form_errors(self.add(admin_client, code="lot-low"))

    def test_the_code_does_not_change(self, admin_client):
        self.add(admin_client, code="LOT-1")
        batch = Batch.objects.get()
        form = {"product": "Moong", "produced_on": "2026-11-01", "planned_bags": 10}

        assert admin_client.post(f"/admin/bags/batch/{batch.pk}/change/", form).status_code == 302

        batch.refresh_from_db()
        assert (batch.code, batch.product) == ("LOT-1", "Moong")

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ({"code": "lot 9"}, "“lot 9” is not a valid code."),
            ({"code": "{x}"}, "“{x}” is not a valid code."),
            (
                {"code": "LOT-9", "expires_on": "2026-10-31"},
                "A batch expires on the day it is produced, or later.",
            ),
        ],
    )
    def test_errors_are_sentences(self, admin_client, more, sentence):
        errors = form_errors(self.add(admin_client, **more))

        assert sentence in errors
        assert "Constraint" not in errors
        assert not Batch.objects.exists()


class TestUser:
    def test_is_changed_through_the_action(self, admin_client, invalidated):
        olive = make_user("olive", Role.OPERATOR)
        form = {"username": "olivia", "role": "office"}

        admin_client.post(f"/admin/accounts/user/{olive.pk}/change/", form)

        facts = {"user": "olivia", "role": "office", "active": False}
        assert audited("user.changed") == ("user olivia", facts)
        assert {"dashboard:*", "recent:*", "user_stats:*"} <= set(invalidated)
