"""What is asked for first is ready when a worker begins."""

import pytest
from django.db import OperationalError

from accounts.roles import Role
from dashboard.stats import warm_up
from dashboard.stats.cached_queries import overview
from tests.factories import make_user, reference


@pytest.mark.django_db(transaction=True)
class TestWarming:
    def test_makes_the_dashboard_of_those_who_see_all(self):
        reference()
        make_user("asha", Role.OPERATOR)
        office = make_user("office", Role.OFFICE)

        warm_up.warm_up_dashboard()

        assert overview(office)[1]

    def test_of_a_site_without_people_does_nothing(self):
        warm_up.warm_up_dashboard()

    def test_goes_on_without_a_database(self, monkeypatch, caplog):
        make_user("office", Role.OFFICE)

        def gone(user):
            raise OperationalError("the server is gone")

        monkeypatch.setattr(warm_up, "overview", gone)
        warm_up.warm_up_dashboard()

        assert "the server is gone" in caplog.text
