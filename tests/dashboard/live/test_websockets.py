"""Who may listen, what he is told, and when he is told no more: sockets before a real server."""

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
from tests.factories import make_loose, make_user, reference
from tests.live_server import Server, running
from tests.websocket_client import codes, end_of, opened, session_of, told, told_until
from tracetrack.events.notify import publish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    with running(DB_POOL_BASE="2", DB_POOL_EXTRA="6") as server:
        yield server


@pytest.fixture(autouse=True)
def people(db: None) -> None:
    reference()
    make_user("ada", "administrator")
    make_user("olive", "office")
    make_user("asha", "operator", ["lucknow"])


def ada() -> User:
    return User.objects.get(username="ada")


class TestWhoMayListen:
    def test_is_greeted_with_what_the_api_answers(self, server):
        make_loose("CB900000001")

        # What this server keeps may be of the test before for a moment.
        with opened(server, session_of("olive")) as socket:
            message = told_until(socket, "CB900000001")[-1]

        assert message["stats"]["scans"]["total"] == Scan.objects.count()

    def test_sees_the_numbers_of_his_areas(self, server):
        make_loose("CB900000888", area="indore")

        for name, bags in (("olive", 1), ("asha", 0)):
            with opened(server, session_of(name)) as socket:
                while told(socket)["stats"]["bags"]["total"] != bags:
                    pass

    @pytest.mark.parametrize("session", ["", "not-a-session", '\\101"; x'])
    def test_without_a_session_is_told_so(self, server, session):
        with opened(server, session) as socket:
            assert end_of(socket) == SIGNED_OUT

    def test_from_the_page_of_another_site_is_refused(self, server):
        with pytest.raises(InvalidStatus) as refused:
            opened(server, session_of("olive"), origin="https://elsewhere.example")

        assert refused.value.response.status_code == 403

    def test_is_not_listened_to(self, server):
        with opened(server, session_of("olive")) as socket:
            told(socket)
            socket.send('{"scope": "all"}')
            make_loose("CB900000001")

            assert told_until(socket, "CB900000001")


class TestNews:
    def test_of_other_areas_does_not_come(self, server):
        with opened(server, session_of("asha")) as socket:
            told(socket)
            make_loose("CB900000888", area="indore")
            make_loose("CB900000777", area="lucknow")
            messages = told_until(socket, "CB900000777")

        assert codes(messages[-1]) == ["CB900000777"]
        assert {message["stats"]["scans"]["total"] for message in messages} <= {0, 1}

    def test_of_many_scans_is_merged(self, server):
        """Whatever happens, a socket is told no more than four times a second."""
        with opened(server, session_of("olive")) as socket:
            told(socket)
            begun = timezone.now()
            last = ""
            for number in range(60):
                last = f"CB9{number:08}"
                make_loose(last)
            messages = told_until(socket, last)
            took = (timezone.now() - begun).total_seconds()

        # And one that is on its way when it begins.
        assert len(messages) <= 4 * took + 1

    def test_after_a_break_lacks_nothing(self, server):
        """Each message says everything: what was missed is in it."""
        with opened(server, session_of("olive")) as socket:
            before = told(socket)["recent_activity"]
        for number in range(7):
            make_loose(f"CB90000000{number}")

        with opened(server, session_of("olive")) as socket:
            after = told_until(socket, "CB900000006")[-1]["recent_activity"]

        known = max((one["id"] for one in before), default=0)
        missed = Scan.objects.filter(id__gt=known).order_by("-id").values_list("id", flat=True)
        assert [one["id"] for one in after if one["id"] > known] == list(missed[:10])


class TestAnEnd:
    @pytest.fixture
    def socket(self, server):
        with opened(server, session_of("asha")) as socket:
            told(socket)
            yield socket

    def test_comes_with_the_session(self, socket):
        Session.objects.all().delete()
        publish("people")

        assert end_of(socket) == SIGNED_OUT

    @pytest.mark.timeout(60)
    def test_comes_when_the_session_has_run_out_although_nobody_tells_of_it(self, socket):
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

        assert end_of(socket) == SIGNED_OUT

    def test_comes_when_the_account_is_switched_off(self, socket):
        asha = User.objects.get(username="asha")
        asha.is_active = False
        save_user(actor=ada(), user=asha)

        assert end_of(socket) == SIGNED_OUT

    def test_comes_with_another_password(self, socket):
        change_password(user=User.objects.get(username="asha"), password="another-password-1")

        assert end_of(socket) == SIGNED_OUT

    def test_comes_with_another_role(self, socket):
        asha = User.objects.get(username="asha")
        asha.role = "office"
        save_user(actor=ada(), user=asha)

        assert end_of(socket) == CHANGED

    @pytest.mark.parametrize("areas", [[], ["lucknow", "indore"]])
    def test_comes_with_other_areas_and_nothing_is_told_before(self, socket, areas):
        asha = User.objects.get(username="asha")
        for code in ("lucknow", "indore"):
            area = Area.objects.get(code=code)
            staff_area(actor=ada(), area=area, members=[asha] if code in areas else [])
        make_loose("CB900000888", area="indore")
        make_loose("CB900000777", area="lucknow")

        assert end_of(socket) == CHANGED

    def test_of_one_leaves_the_others_alone(self, server, socket):
        with opened(server, session_of("olive")) as other:
            told(other)
            asha = User.objects.get(username="asha")
            asha.is_active = False
            save_user(actor=ada(), user=asha)
            assert end_of(socket) == SIGNED_OUT
            make_loose("CB900000777")

            assert told_until(other, "CB900000777")
