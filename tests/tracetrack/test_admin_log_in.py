"""Access to the admin site: the log-in page of the site, declared filters only."""

from urllib.parse import quote

import pytest
from django.contrib.admin.sites import site
from django.core.cache import caches
from django.test import Client

from accounts.roles import Role
from accounts.tokens import issue_token
from tests.factories import create_reference_data, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password"
LISTS = sorted(
    f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry
)


@pytest.fixture(autouse=True)
def no_earlier_attempts():
    caches["limits"].clear()


@pytest.fixture
def cho():
    create_reference_data()
    return make_user("cho", Role.ADMINISTRATOR, password=PASSWORD)


@pytest.fixture
def admin_client(cho):
    client = Client()
    client.force_login(cho)
    return client


class TestLogIn:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_redirects_to_the_page_of_the_site(self, client, cho, method):
        credentials = {"username": "cho", "password": PASSWORD}

        response = getattr(client, method)("/admin/login/?next=/admin/bags/area/", credentials)

        assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/login")
        assert "_auth_user_id" not in client.session

    def test_redirects_back_to_the_requested_page(self, client, cho):
        credentials = {"username": "cho", "password": PASSWORD, "next": "/admin/bags/area/"}

        redirected = client.get("/admin/bags/area/", follow=True)
        response = client.post("/login", credentials, follow=True)

        assert redirected.redirect_chain[-1] == (f"/login?next={quote('/admin/bags/area/')}", 302)
        assert response.redirect_chain == [("/admin/bags/area/", 302)]
        assert response.status_code == 200

    def test_has_the_rate_limit_of_the_site(self, client, cho):
        wrong, right = ({"username": "cho", "password": word} for word in ("wrong", PASSWORD))
        for _ in range(10):
            client.post("/login", wrong)

        client.post("/admin/login/", right)

        assert "_auth_user_id" not in client.session
        assert client.post("/login", right).status_code == 429

    @pytest.mark.parametrize("role", [Role.OFFICE, Role.OPERATOR, Role.VIEWER, Role.INTEGRATOR])
    def test_other_roles_are_forbidden(self, client, role):
        client.force_login(make_user("dev", role))

        response = client.get("/admin/", follow=True)

        assert response.status_code == 403
        assert "password" not in response.content.decode()

    def test_redirects_an_administrator(self, admin_client):
        response = admin_client.get("/admin/login/")

        assert (response.status_code, response["Location"]) == (302, "/admin/")


class TestLookups:
    @pytest.mark.parametrize(
        "query",
        [
            "bags/bag/?code__regex=(",
            "bags/bag/?area__code__regex=(",
            "bags/bag/?area__id__exact__regex=(",
            "bags/batch/?held_by__password__startswith=a",
            "bags/batch/?state__regex=(",
            "bags/area/?members__password__startswith=a",
            "scans/scan/?note__regex=(",
            "accounts/apitoken/?digest__startswith=a",
            "accounts/apitoken/?user__password__startswith=a",
            "accounts/user/?password__startswith=a",
            "accounts/user/?role__exact=%00",
            "audit/auditentry/?facts__user=a",
        ],
    )
    def test_that_are_not_declared_are_rejected(self, admin_client, cho, query):
        issue_token(cho, "till")

        assert admin_client.get(f"/admin/{query}").status_code == 400

    @pytest.mark.parametrize("url", LISTS)
    @pytest.mark.parametrize(
        "query", ["id__regex=(", "pk=a", "nothing=1", "p=a", "o=a.-9", "q=%00"]
    )
    def test_with_invalid_values_cause_no_server_error(self, admin_client, url, query):
        assert admin_client.get(f"{url}?{query}").status_code in (200, 302, 400)

    @pytest.mark.parametrize(
        "query",
        [
            "bags/bag/?area__id__exact={area}",
            "scans/scan/?area__id__exact={area}",
            "bags/batch/?state__exact=open",
            "bags/batch/?held__exact=1",
            "accounts/user/?role__exact=operator&is_active__exact=1",
        ],
    )
    def test_of_declared_filters_are_allowed(self, admin_client, cho, query):
        area = cho.areas.model.objects.get(code="lucknow").pk

        assert admin_client.get(f"/admin/{query.format(area=area)}").status_code == 200

    @pytest.mark.parametrize("value", ["a", "", "99999999999999999999", "-1"])
    def test_of_declared_filters_with_strange_values_cause_no_server_error(
        self, admin_client, value
    ):
        response = admin_client.get(f"/admin/bags/bag/?area__id__exact={value}")

        assert response.status_code in (200, 302)
