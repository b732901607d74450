"""The recall page of a batch."""

import pytest
from django.test import Client

from accounts.roles import Role
from bags.models import Bag
from tests.factories import (
    assign_batch,
    create_reference_data,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
    scan,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(empty_rate_limits: None) -> Client:
    create_reference_data()
    client = Client()
    client.force_login(make_user("olive", Role.OFFICE))
    return client


def test_pages_contain_every_bag_once(office: Client) -> None:
    for number in range(60):
        make_loose_child(f"CB8000000{number:02d}")
    assign_batch(make_batch("LOT-1"), *Bag.objects.values_list("code", flat=True))

    first = office.get("/batches/lot-1/recall")
    second = office.get(f"/batches/LOT-1/recall?after={first.context['next_after']}")

    codes = [bag["code"] for page in (first, second) for bag in page.context["bags"]]
    assert (len(codes), len(set(codes)), second.context["next_after"]) == (60, 60, None)


def test_shows_location_and_users_of_bag(office: Client) -> None:
    packer = make_user("packer", Role.OFFICE)
    parent = make_parent("SB10001", children=1, actor=packer)
    assign_batch(make_batch("LOT-1"), "CB001000101")
    scan(packer, "complete", parent.code)
    scan(packer, "dispatch", parent.code, area="indore")

    (bag,) = office.get("/batches/LOT-1/recall").context["bags"]

    assert (bag["parent"], bag["area"], bag["bound_for"]) == ("SB10001", "lucknow", "indore")
    assert (bag["hands"], bag["last_step"]) == (["packer"], "dispatch")


def test_is_limited_to_areas_of_operator(office: Client) -> None:
    make_loose_child("CB900000001")
    make_loose_child("CB900000002", area="indore")
    assign_batch(make_batch("LOT-1"), "CB900000001", "CB900000002")
    client = Client()
    client.force_login(make_user("asha", Role.OPERATOR, ["indore"]))

    bags = client.get("/batches/LOT-1/recall").context["bags"]

    assert [bag["code"] for bag in bags] == ["CB900000002"]


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=99999999999999999999"])
def test_ignores_invalid_position(office: Client, query: str) -> None:
    make_batch("LOT-1")

    assert office.get(f"/batches/LOT-1/recall?{query}").status_code == 200


def test_links_to_csv_export(office: Client) -> None:
    make_loose_child("CB900000001")
    assign_batch(make_batch("LOT-1"), "CB900000001")

    html = office.get("/batches/LOT-1/recall").content.decode()
    url = "/api/v3/batches/LOT-1/recall?format=csv"

    assert f'href="{url}"' in html
    assert b"CB900000001" in b"".join(office.get(url).streaming_content)
