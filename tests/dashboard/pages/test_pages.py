"""The pages as answers of the server: who may see which, and what they do when they are sent."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import caches
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from bags.models import Batch
from dashboard.templatetags.formatting import digits, kilograms
from scans.models import Scan
from tests.factories import (
    create_reference_data,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
    scan,
)

PAGES = [
    "/",
    "/account",
    "/reports",
    "/bags",
    "/bags/SB10001",
    "/batches",
    "/batches/LOT-1",
    "/search",
    "/search?q=SB",
]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    caches["limits"].clear()
    create_reference_data()
    make_batch("LOT-1")
    make_parent("SB10001", children=2)
    make_loose_child("CB900000001", area="indore")


def signed_in(role: str, *areas: str) -> Client:
    client = Client()
    client.force_login(make_user(f"one-{role}", role, areas))
    return client


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


class TestEveryPage:
    @pytest.mark.parametrize("path", [*PAGES, "/scan", "/bags/SB10001/undo"])
    def test_asks_a_stranger_to_log_in(self, client: Client, path: str) -> None:
        method = client.post if path.endswith("undo") else client.get

        response = method(path)

        assert (response.status_code, response.url.split("?")[0]) == (302, "/login")

    @pytest.mark.parametrize("role", Role.values)
    @pytest.mark.parametrize("path", PAGES)
    def test_is_shown_to_every_role(self, role: str, path: str) -> None:
        response = signed_in(role, "lucknow").get(path)

        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]

    @pytest.mark.parametrize("role", Role.values)
    def test_lets_only_those_scan_who_may(self, role: str) -> None:
        response = signed_in(role, "lucknow").get("/scan")

        assert response.status_code == (403 if role == Role.VIEWER else 200)

    @pytest.mark.parametrize(
        "path", ["/bags/SB99999", "/batches/LOT-9", "/nowhere", "/bags/%00SB9"]
    )
    def test_is_missing_with_a_page_of_our_own(self, path: str) -> None:
        response = signed_in(Role.OFFICE).get(path)

        assert response.status_code == 404
        assert b"Go to dashboard" in response.content

    @pytest.mark.parametrize("path", PAGES)
    def test_holds_no_script_and_no_style_of_its_own(self, path: str) -> None:
        html = signed_in(Role.OFFICE).get(path).content.decode()

        inline = re.findall(r"<script(?![^>]*(?:src=|application/json))", html)
        assert (inline, re.findall(r"\sstyle=|\son\w+=|<style", html)) == ([], [])


class TestOverview:
    def test_shows_its_numbers_before_any_script_has_run(self) -> None:
        html = signed_in(Role.OFFICE).get("/").content.decode()

        assert re.search(r'data-number="bags\.total"[^>]*>\s*4\s*<', html)


class TestScope:
    def test_hides_the_bags_of_other_areas(self) -> None:
        operator = signed_in(Role.OPERATOR, "lucknow")

        assert operator.get("/bags/CB900000001").status_code == 404
        assert b"CB900000001" not in operator.get("/bags").content
        assert operator.get("/search?q=CB900000001").status_code == 200

    def test_does_not_undo_in_other_areas(self) -> None:
        number = Scan.objects.get(bag__code="CB900000001").pk

        answer = signed_in(Role.OPERATOR, "lucknow").post(
            "/bags/CB900000001/undo", {"scan": number}
        )

        assert answer.status_code == 404
        assert not Scan.objects.filter(step="undo").exists()


class TestSearch:
    def test_leads_to_the_bag_with_this_very_code(self) -> None:
        response = signed_in(Role.OFFICE).get("/search", {"q": " sb10001\u200b"})

        assert (response.status_code, response["Location"]) == (302, "/bags/SB10001")

    @pytest.mark.parametrize("text", ["\0", "%", "'; --", "x" * 5000, "\U0001f600", "../.."])
    def test_bears_anything(self, text: str) -> None:
        assert signed_in(Role.OFFICE).get("/search", {"q": text}).status_code == 200

    @pytest.mark.parametrize("query", ["after=x", "after=-1", "state=%00", "area=zz", "kind=zz"])
    def test_bears_any_filter_of_the_list(self, query: str) -> None:
        assert signed_in(Role.OFFICE).get(f"/bags?{query}").status_code == 200


class TestBags:
    def test_leafs_through_all_bags_once(self) -> None:
        office = signed_in(Role.OFFICE)
        for number in range(60):
            make_loose_child(f"CB8000000{number:02d}")

        first = office.get("/bags?kind=child")
        second = office.get(f"/bags?{first.context['next_query']}")

        codes = [bag["code"] for page in (first, second) for bag in page.context["bags"]]
        assert (len(codes), len(set(codes)), second.context["next_query"]) == (63, 63, "")

    def test_narrows_to_loose_children(self) -> None:
        shown = signed_in(Role.OFFICE).get("/bags?loose=1").context["bags"]

        assert [bag["code"] for bag in shown] == ["CB900000001"]


class TestUndo:
    def test_undoes_ones_own_latest_scan(self) -> None:
        operator = signed_in(Role.OPERATOR, "lucknow")
        person = make_user("one-operator", Role.OPERATOR, ["lucknow"])
        number = scan(person, "complete", "SB10001").scan.pk

        response = operator.post("/bags/SB10001/undo", {"scan": number}, follow=True)

        assert said(response) == ["The scan “Completed” has been undone."]
        assert Scan.objects.get(step="undo").undoes_id == number

    def test_says_why_it_does_not_undo_what_others_scanned(self) -> None:
        number = scan(make_user("packer", Role.OFFICE), "complete", "SB10001").scan.pk

        response = signed_in(Role.OPERATOR, "lucknow").post(
            "/bags/SB10001/undo", {"scan": number}, follow=True
        )

        assert said(response)[0].startswith("Only your own latest scan")
        assert not Scan.objects.filter(step="undo").exists()

    def test_offers_undo_only_where_it_is_likely_to_be_granted(self) -> None:
        person = make_user("one-operator", Role.OPERATOR, ["lucknow"])
        scan(person, "complete", "SB10001", now=timezone.now())

        for role, offers in ((Role.OPERATOR, ["undo"]), (Role.OFFICE, ["reason"]), ("viewer", [])):
            page = signed_in(role, "lucknow").get("/bags/SB10001")
            options = [entry.get("undo_option") for entry in page.context["timeline"]]
            assert [option for option in options if option] == offers

    def test_knows_only_scans_of_this_bag(self) -> None:
        foreign = Scan.objects.get(bag__code="CB900000001").pk
        office = signed_in(Role.OFFICE)

        for number in (str(foreign), "", "x", "99999999999999999999"):
            assert office.post("/bags/SB10001/undo", {"scan": number}).status_code == 404


class TestBatch:
    def test_is_held_and_released_by_the_office(self) -> None:
        office = signed_in(Role.OFFICE)

        office.post("/batches/LOT-1/hold", {"reason": "wet"})
        assert Batch.objects.get(code="LOT-1").held_reason == "wet"
        office.post("/batches/LOT-1/release")
        assert not Batch.objects.get(code="LOT-1").held

    def test_that_is_held_already_says_by_whom_and_why(self) -> None:
        first, second = signed_in(Role.OFFICE), signed_in(Role.ADMINISTRATOR)
        taken = first.post("/batches/LOT-1/hold", {"reason": "wet"}, follow=True)
        again = second.post("/batches/LOT-1/hold", {"reason": "smells"}, follow=True)

        assert said(taken) == ["LOT-1 is on hold."]
        assert said(again)[0].startswith("Batch LOT-1 is on hold since ")
        assert "by one-office: wet." in said(again)[0]
        assert Batch.objects.get(code="LOT-1").held_reason == "wet"

    def test_is_not_held_without_a_reason(self) -> None:
        answer = signed_in(Role.OFFICE).post("/batches/LOT-1/hold", {"reason": " "}, follow=True)

        assert said(answer) == ["A reason is needed. Say in a few words why."]
        assert not Batch.objects.get(code="LOT-1").held

    def test_is_closed_by_post_only(self) -> None:
        office = signed_in(Role.OFFICE)

        assert office.get("/batches/LOT-1/close").status_code == 405
        assert Batch.objects.get(code="LOT-1").state == "open"
        office.post("/batches/LOT-1/close")
        assert Batch.objects.get(code="LOT-1").state == "closed"

    @pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.INTEGRATOR])
    @pytest.mark.parametrize("act", ["hold", "release", "close"])
    def test_is_changed_by_nobody_else(self, role: str, act: str) -> None:
        answer = signed_in(role).post(f"/batches/LOT-1/{act}", {"reason": "x"})

        assert answer.status_code == 403

    def test_is_not_changed_by_a_page_of_another_site(self) -> None:
        stranger = Client(enforce_csrf_checks=True)
        stranger.force_login(make_user("olive", Role.OFFICE))

        assert stranger.post("/batches/LOT-1/close").status_code == 403


class TestWriting:
    @pytest.mark.parametrize(
        ("number", "written"),
        [
            (0, "0"), (999, "999"), (1000, "1,000"), (99999, "99,999"), (100000, "1,00,000"),
            (4000000, "40,00,000"), (10000000, "1,00,00,000"), (-1234567, "-12,34,567"),
        ],
    )  # fmt: skip
    def test_groups_digits_as_in_india(self, number: int, written: str) -> None:
        assert digits(number) == written

    def test_leaves_idle_zeros_of_a_weight_out(self) -> None:
        weights = ("30.000", "1.250", "0.000", "100")

        assert [kilograms(w) for w in weights] == ["30 kg", "1.25 kg", "0 kg", "100 kg"]


class TestHashedFiles:
    def test_load_each_other_by_their_hashed_names(self, settings: Any, tmp_path: Path) -> None:
        settings.STATIC_ROOT = str(tmp_path)
        settings.STORAGES = settings.STORAGES | {
            "staticfiles": {"BACKEND": "tracetrack.server.static_storage.HashedStaticFiles"}
        }
        call_command("collectstatic", verbosity=0, interactive=False)

        live = staticfiles_storage.url("dashboard/js/overview.js").removeprefix("/static/")
        imports = re.findall(r'from "\./([^"]+)"', (tmp_path / live).read_text())

        assert sorted(name.split(".")[0] for name in imports) == [
            "charts", "live_numbers", "page", "polling", "websocket",
        ]  # fmt: skip
        for name in imports:
            assert re.fullmatch(r"\w+\.[0-9a-f]{12}\.js", name)
            assert (tmp_path / "dashboard/js" / name).exists()
