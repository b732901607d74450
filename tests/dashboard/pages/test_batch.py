"""The page of a batch: hold, release, close."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from bags.models import MAX_REASON_CHARS, Batch
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("small_site")


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


class TestBatch:
    def test_is_held_and_released(self, office: Client) -> None:
        office.post("/batches/LOT-1/hold", {"reason": "wet"})
        assert Batch.objects.get(code="LOT-1").held_reason == "wet"
        office.post("/batches/LOT-1/release")
        assert not Batch.objects.get(code="LOT-1").held

    def test_second_hold_names_first_user_and_reason(
        self, office: Client, sign_in: Callable[..., Client]
    ) -> None:
        administrator = sign_in(Role.ADMINISTRATOR)
        first = office.post("/batches/LOT-1/hold", {"reason": "wet"}, follow=True)
        second = administrator.post("/batches/LOT-1/hold", {"reason": "smells"}, follow=True)

        assert messages(first) == ["LOT-1 is on hold."]
        assert messages(second)[0].startswith("Batch LOT-1 has been on hold since ")
        assert "by one-office: wet." in messages(second)[0]
        assert Batch.objects.get(code="LOT-1").held_reason == "wet"

    def test_hold_needs_reason(self, office: Client) -> None:
        response = office.post("/batches/LOT-1/hold", {"reason": " "}, follow=True)

        assert messages(response) == ["A reason is required. Enter a short reason."]
        assert not Batch.objects.get(code="LOT-1").held

    def test_hold_accepts_reason_of_maximum_length(self, office: Client) -> None:
        office.post("/batches/LOT-1/hold", {"reason": "x" * MAX_REASON_CHARS})

        assert Batch.objects.get(code="LOT-1").held_reason == "x" * MAX_REASON_CHARS

    def test_hold_rejects_longer_reason(self, office: Client) -> None:
        reason = "x" * (MAX_REASON_CHARS + 1)

        response = office.post("/batches/LOT-1/hold", {"reason": reason}, follow=True)

        assert messages(response) == [
            "Reason: is longer than 200 characters. "
            "Correct the field or parameter; nothing was changed."
        ]
        assert not Batch.objects.get(code="LOT-1").held

    def test_is_closed_by_post_only(self, office: Client) -> None:
        assert office.get("/batches/LOT-1/close").status_code == 405
        assert Batch.objects.get(code="LOT-1").state == "open"
        office.post("/batches/LOT-1/close")
        assert Batch.objects.get(code="LOT-1").state == "closed"

    @pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.INTEGRATOR])
    @pytest.mark.parametrize("action", ["hold", "release", "close"])
    def test_change_needs_permission(
        self, sign_in: Callable[..., Client], role: str, action: str
    ) -> None:
        response = sign_in(role).post(f"/batches/LOT-1/{action}", {"reason": "x"})

        assert response.status_code == 403

    def test_change_needs_csrf_token(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_user("olive", Role.OFFICE))

        assert client.post("/batches/LOT-1/close").status_code == 403
