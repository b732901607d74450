"""The live dashboard: access, messages and close codes, tested against a real server."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from accounts.actions import change_password, save_user
from accounts.models import User
from bags.actions import staff_area
from bags.models import Area
from dashboard.live.broadcaster import CHANGED, SIGNED_OUT
from scans.models import Scan
from tests.factories import create_reference_data, make_loose_child, make_user
from tests.live_server import Server, run_server
from tests.websocket_client import (
    close_code,
    create_session,
    latest_codes,
    messages_until,
    next_message,
    open_socket,
)
from tracetrack.events.notify import publish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    with run_server(DB_POOL_BASE="2", DB_POOL_EXTRA="6") as server:
        yield server


@pytest.fixture(autouse=True)
def people(db: None) -> None:
    create_reference_data()
    make_user("ada", "administrator")
    make_user("olive", "office")
    make_user("asha", "operator", ["lucknow"])


def ada() -> User:
    return User.objects.get(username="ada")


class TestConnection:
    def test_starts_with_current_statistics(self, server):
        make_loose_child("CB900000001")

        # The cache of the server may hold the statistics of an earlier test for a moment.
        with open_socket(server, create_session("olive")) as socket:
            message = messages_until(socket, "CB900000001")[-1]

        assert message["stats"]["scans"]["total"] == Scan.objects.count()

    def test_shows_areas_of_user_only(self, server):
        make_loose_child("CB900000888", area="indore")

        for name, bags in (("olive", 1), ("asha", 0)):
            with open_socket(server, create_session(name)) as socket:
                while next_message(socket)["stats"]["bags"]["total"] != bags:
                    pass

    @pytest.mark.parametrize("session", ["", "not-a-session", '\\101"; x'])
    def test_without_session_is_closed_with_code(self, server, session):
        with open_socket(server, session) as socket:
            assert close_code(socket) == SIGNED_OUT

    def test_refuses_foreign_origin(self, server):
        with pytest.raises(InvalidStatus) as refused:
            open_socket(server, create_session("olive"), origin="https://elsewhere.example")

        assert refused.value.response.status_code == 403

    def test_ignores_messages_of_client(self, server):
        with open_socket(server, create_session("olive")) as socket:
            next_message(socket)
            socket.send('{"scope": "all"}')
            make_loose_child("CB900000001")

            assert messages_until(socket, "CB900000001")


class TestUpdates:
    def test_exclude_other_areas(self, server):
        with open_socket(server, create_session("asha")) as socket:
            next_message(socket)
            make_loose_child("CB900000888", area="indore")
            make_loose_child("CB900000777", area="lucknow")
            messages = messages_until(socket, "CB900000777")

        assert latest_codes(messages[-1]) == ["CB900000777"]
        assert {message["stats"]["scans"]["total"] for message in messages} <= {0, 1}

    def test_are_sent_at_most_four_times_a_second(self, server):
        with open_socket(server, create_session("olive")) as socket:
            next_message(socket)
            started = timezone.now()
            last = ""
            for number in range(60):
                last = f"CB9{number:08}"
                make_loose_child(last)
            messages = messages_until(socket, last)
            took = (timezone.now() - started).total_seconds()

        # One more may have been sent before the start.
        assert len(messages) <= 4 * took + 1

    def test_after_reconnect_contain_missed_scans(self, server):
        with open_socket(server, create_session("olive")) as socket:
            before = next_message(socket)["recent_activity"]
        for number in range(7):
            make_loose_child(f"CB90000000{number}")

        with open_socket(server, create_session("olive")) as socket:
            after = messages_until(socket, "CB900000006")[-1]["recent_activity"]

        known = max((row["id"] for row in before), default=0)
        missed = Scan.objects.filter(id__gt=known).order_by("-id").values_list("id", flat=True)
        assert [row["id"] for row in after if row["id"] > known] == list(missed[:10])


class TestClose:
    @pytest.fixture
    def socket(self, server):
        with open_socket(server, create_session("asha")) as socket:
            next_message(socket)
            yield socket

    def test_after_end_of_session(self, socket):
        Session.objects.all().delete()
        publish("users")

        assert close_code(socket) == SIGNED_OUT

    @pytest.mark.timeout(60)
    def test_after_expiry_of_session(self, socket):
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

        assert close_code(socket) == SIGNED_OUT

    def test_after_deactivation_of_user(self, socket):
        asha = User.objects.get(username="asha")
        asha.is_active = False
        save_user(actor=ada(), user=asha)

        assert close_code(socket) == SIGNED_OUT

    def test_after_change_of_password(self, socket):
        change_password(user=User.objects.get(username="asha"), password="another-password-1")

        assert close_code(socket) == SIGNED_OUT

    def test_after_change_of_role(self, socket):
        asha = User.objects.get(username="asha")
        asha.role = "office"
        save_user(actor=ada(), user=asha)

        assert close_code(socket) == CHANGED

    @pytest.mark.parametrize("areas", [[], ["lucknow", "indore"]])
    def test_after_change_of_areas_before_any_message(self, socket, areas):
        asha = User.objects.get(username="asha")
        for code in ("lucknow", "indore"):
            area = Area.objects.get(code=code)
            staff_area(actor=ada(), area=area, members=[asha] if code in areas else [])
        make_loose_child("CB900000888", area="indore")
        make_loose_child("CB900000777", area="lucknow")

        assert close_code(socket) == CHANGED

    def test_leaves_other_sockets_open(self, server, socket):
        with open_socket(server, create_session("olive")) as other:
            next_message(other)
            asha = User.objects.get(username="asha")
            asha.is_active = False
            save_user(actor=ada(), user=asha)
            assert close_code(socket) == SIGNED_OUT
            make_loose_child("CB900000777")

            assert messages_until(other, "CB900000777")
