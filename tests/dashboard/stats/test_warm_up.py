"""Warming up the dashboard cache of a new worker."""

import pytest
from django.db import OperationalError

from accounts.roles import Role
from dashboard.stats import warm_up
from dashboard.stats.cached_queries import overview
from tests.factories import create_reference_data, make_user


@pytest.mark.django_db(transaction=True)
class TestWarmUp:
    def test_caches_dashboard_of_all_areas(self):
        create_reference_data()
        make_user("asha", Role.OPERATOR)
        office = make_user("office", Role.OFFICE)

        warm_up.warm_up_dashboard()

        assert overview(office)[1]

    def test_does_nothing_without_users(self):
        warm_up.warm_up_dashboard()

    def test_survives_database_failure(self, monkeypatch, caplog):
        make_user("office", Role.OFFICE)

        def fail(user):
            raise OperationalError("the server is gone")

        monkeypatch.setattr(warm_up, "overview", fail)
        warm_up.warm_up_dashboard()

        assert "the server is gone" in caplog.text
