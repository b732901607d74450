"""The system page, and the response times that it shows."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.roles import Role
from tracetrack.ops import metrics

pytestmark = pytest.mark.usefixtures("small_site")


class TestSystem:
    @pytest.mark.parametrize("role", Role.values)
    def test_needs_permission(self, sign_in: Callable[..., Client], role: str) -> None:
        response = sign_in(role).get("/system")

        is_allowed = role in (Role.ADMINISTRATOR, Role.OFFICE)
        assert response.status_code == (200 if is_allowed else 403)

    def test_shows_response_times(self, sign_in: Callable[..., Client]) -> None:
        metrics.reset()
        client = sign_in(Role.ADMINISTRATOR)
        client.get("/bags")
        client.get("/bags/SB10001")

        times = client.get("/system").context["times"]

        assert {line["endpoint"] for line in times} == {"GET /bags", "GET /bags/<path:code>"}
        assert all(line["answers"] == 1 and line["p50_ms"] > 0 for line in times)

    def test_only_latest_response_times_are_kept(self) -> None:
        metrics.reset()
        for number in range(metrics.MAX_SAMPLES + 10):
            metrics.record_duration("GET /x", number / 1000)

        (line,) = metrics.durations()

        assert line["answers"] == metrics.MAX_SAMPLES
        assert line["most_ms"] == metrics.MAX_SAMPLES + 9.0
