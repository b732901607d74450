"""What the back office changes: through actions, audited, and never older in an answer."""

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
def desk():
    create_reference_data()
    client = Client()
    client.force_login(make_user("cho", Role.ADMINISTRATOR))
    return client


@pytest.fixture
def dropped(monkeypatch):
    patterns = []
    monkeypatch.setattr(cache, "drop", lambda *given: patterns.extend(given))
    return patterns


def told(action):
    """The subject and the facts of the one audit row of this action."""
    entry = AuditEntry.objects.get(action=action)
    assert entry.actor_name == "cho"
    return entry.subject, entry.facts


def complaints(answer):
    """What a form that was not taken says."""
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    return " ".join(message for messages in form.errors.values() for message in messages)


class TestAnArea:
    def save(self, desk, area, **more):
        form = {"code": area.code, "name": area.name, "active": "on"} | more
        return desk.post(f"/admin/bags/area/{area.pk}/change/", form)

    def test_is_renamed_everywhere(self, desk, dropped):
        self.save(desk, Area.objects.get(code="lucknow"), name="Lucknow North")

        facts = {"area": "lucknow", "called": "Lucknow North", "gln": "", "active": True}
        assert told("area.changed") == ("area lucknow", facts)
        assert set(dropped) == set(ALL_CACHES)

    def test_tells_who_joins_and_who_leaves(self, desk, dropped):
        area = Area.objects.get(code="lucknow")
        make_user("gone", Role.OPERATOR, ["lucknow"])
        make_user("stays", Role.OPERATOR, ["lucknow"])
        new = [make_user("new", Role.OPERATOR).pk, area.members.get(username="stays").pk]

        self.save(desk, area, members=new)

        facts = {"area": "lucknow", "joined": ["new"], "left": ["gone"]}
        assert told("area.staffed") == ("area lucknow", facts)
        assert set(area.members.values_list("username", flat=True)) == {"new", "stays"}

    def test_drops_answers_when_its_people_change(self, desk, dropped):
        cho = make_user("cho", Role.ADMINISTRATOR)
        actions.staff_area(actor=cho, area=Area.objects.get(code="lucknow"), members=[cho])

        assert set(dropped) == set(ALL_CACHES)

    def test_tells_nothing_of_its_people_when_they_stay(self, desk):
        make_user("stays", Role.OPERATOR, ["lucknow"])
        area = Area.objects.get(code="lucknow")

        self.save(desk, area, members=[area.members.get().pk])

        assert not AuditEntry.objects.filter(action="area.staffed").exists()

    def test_is_made(self, desk):
        desk.post("/admin/bags/area/add/", {"code": "kota", "name": "Kota", "active": "on"})

        assert Area.objects.get(code="kota").name == "Kota"
        assert told("area.changed")[0] == "area kota"

    def test_is_refused_in_sentences(self, desk):
        form = {"code": "Kota_1", "name": "Kota", "gln": "123"}

        said = complaints(desk.post("/admin/bags/area/add/", form))

        assert "An area's code has small letters, digits and hyphens" in said
        assert "A GLN has 13 digits." in said
        assert "Constraint" not in said


class TestABagType:
    FORM = {
        "name": "jute", "parent_pattern": r"^JB\d{6}$", "child_pattern": r"^JC\d{6}$",
        "capacity": 30, "child_weight": "1.000",
    }  # fmt: skip

    def add(self, desk, **more):
        return desk.post("/admin/bags/bagtype/add/", self.FORM | more)

    def test_is_made_through_the_action(self, desk, dropped):
        assert self.add(desk).status_code == 302

        facts = {"bag_type": "jute"} | {k: v for k, v in self.FORM.items() if k != "name"}
        assert told("bag_type.changed") == ("bag type jute", facts)
        assert set(dropped) == set(ALL_CACHES)

    @pytest.mark.parametrize("pattern", ["[", "^(A+)+Z$", r"(A)\1", "A" * 129])
    def test_is_refused_with_a_pattern_that_stops_the_work(self, desk, pattern):
        complaints(self.add(desk, parent_pattern=pattern))

        assert not BagType.objects.filter(name="jute").exists()

    def test_is_refused_in_sentences(self, desk):
        said = complaints(self.add(desk, parent_pattern="[", capacity=0, child_weight="0"))
        said += complaints(self.add(desk, capacity=1001, child_weight="-1"))

        assert "Allowed are the characters of a code" in said
        assert "A bag holds between 1 and 1,000 children." in said
        assert "A child weighs more than nothing." in said
        assert "Constraint" not in said


class TestABatch:
    def add(self, desk, **more):
        form = {
            "product": "Mustard", "bag_type": BagType.objects.get(name="mustard").pk,
            "produced_on": "2026-11-01", "planned_bags": 10,
        }  # fmt: skip
        return desk.post("/admin/bags/batch/add/", form | more)

    @pytest.mark.parametrize("typed", ["lot-low", " LOT-LOW ", "\uff2c\uff2f\uff34-low"])
    def test_takes_its_code_however_it_is_typed(self, desk, typed):
        assert self.add(desk, code=typed).status_code == 302

        assert Batch.objects.get().code == "LOT-LOW"

    def test_is_there_once_however_it_is_typed(self, desk):
        self.add(desk, code="LOT-LOW")

        assert "already exists" in complaints(self.add(desk, code="lot-low"))

    def test_keeps_its_code_when_it_is_described(self, desk):
        self.add(desk, code="LOT-1")
        batch = Batch.objects.get()
        form = {"product": "Moong", "produced_on": "2026-11-01", "planned_bags": 10}

        assert desk.post(f"/admin/bags/batch/{batch.pk}/change/", form).status_code == 302

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
    def test_is_refused_in_sentences(self, desk, more, sentence):
        said = complaints(self.add(desk, **more))

        assert sentence in said
        assert "Constraint" not in said
        assert not Batch.objects.exists()


class TestAPerson:
    def test_is_changed_through_the_action(self, desk, dropped):
        olive = make_user("olive", Role.OPERATOR)
        form = {"username": "olivia", "role": "office"}

        desk.post(f"/admin/tracetrack/user/{olive.pk}/change/", form)

        facts = {"user": "olivia", "role": "office", "active": False}
        assert told("user.changed") == ("user olivia", facts)
        assert {"dashboard:*", "recent:*", "user_stats:*"} <= set(dropped)
