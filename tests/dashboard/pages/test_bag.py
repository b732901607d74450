"""The page of a bag, and undo."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from scans.models import Scan
from tests.factories import make_user, scan

pytestmark = pytest.mark.usefixtures("small_site")


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_bag_of_other_area_is_missing(operator: Client) -> None:
    assert operator.get("/bags/CB900000001").status_code == 404


class TestUndo:
    def test_undoes_own_latest_scan(self, operator: Client) -> None:
        user = User.objects.get(username="one-operator")
        number = scan(user, "complete", "SB10001").scan.pk

        response = operator.post("/bags/SB10001/undo", {"scan": number}, follow=True)

        assert messages(response) == ["The scan “Completed” has been undone."]
        assert Scan.objects.get(step="undo").undoes_id == number

    def test_refuses_scan_of_other_user(self, operator: Client) -> None:
        number = scan(make_user("packer", Role.OFFICE), "complete", "SB10001").scan.pk

        response = operator.post("/bags/SB10001/undo", {"scan": number}, follow=True)

        assert messages(response)[0].startswith("Only your own latest scan")
        assert not Scan.objects.filter(step="undo").exists()

    def test_refuses_bag_of_other_area(self, operator: Client) -> None:
        number = Scan.objects.get(bag__code="CB900000001").pk

        response = operator.post("/bags/CB900000001/undo", {"scan": number})

        assert response.status_code == 404
        assert not Scan.objects.filter(step="undo").exists()

    def test_refuses_scan_of_other_bag(self, office: Client) -> None:
        foreign = Scan.objects.get(bag__code="CB900000001").pk

        response = office.post("/bags/SB10001/undo", {"scan": foreign})

        assert response.status_code == 404
        assert f"There is no scan {foreign} of bag SB10001." in response.content.decode()

    @pytest.mark.parametrize(
        "body", [{}, {"scan": ""}, {"scan": "x"}, {"scan": "99999999999999999999"}]
    )
    def test_refuses_invalid_scan_id(self, office: Client, body: dict[str, str]) -> None:
        response = office.post("/bags/SB10001/undo", body)

        assert response.status_code == 404
        assert "This does not exist, or you may not see it." in response.content.decode()
        assert "None" not in response.content.decode()

    def test_is_offered_to_users_who_may_undo(self, sign_in: Callable[..., Client]) -> None:
        user = make_user("one-operator", Role.OPERATOR, ["lucknow"])
        scan(user, "complete", "SB10001", now=timezone.now())

        for role, expected in (
            (Role.OPERATOR, ["undo"]), (Role.OFFICE, ["reason"]), (Role.VIEWER, []),
        ):  # fmt: skip
            page = sign_in(role, "lucknow").get("/bags/SB10001")
            options = [entry.get("undo_option") for entry in page.context["timeline"]]
            assert [option for option in options if option] == expected
