"""Reads that must not depend on the size of the site: the dashboard, a page of bags."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import orjson
from django.db.models import Max
from django.urls import resolve
from django.utils import timezone
from rest_framework.test import APIRequestFactory, force_authenticate

from accounts.models import User
from accounts.roles import Role
from bags.api.serializers import BAG_COLUMNS
from bags.filters import BagFilters
from bags.models import Bag
from bags.queries import bags_after
from bench import naive, site
from bench.cases import Pair, case
from bench.rounds import timed
from bench.sites import Sites, on
from dashboard.stats.queries import overview
from tracetrack import cache
from tracetrack.api import cursors

PER_PAGE = 100
FAR_PAGE = 30_000


@case(unit="ms", bar=1000, rounds=3)
def dashboard_uncached(sites: Sites) -> Iterator[Pair]:
    """All numbers of the dashboard, uncached, read from counters.

    Compared with the same numbers counted over the same tables.
    """
    office, now = office_user(), timezone.now()
    numbers, counted = overview(office, now=now)["stats"], naive.dashboard(now)
    assert all(numbers[part] == counted[part] for part in numbers), (numbers, counted)
    yield Pair(
        ours=lambda: timed(lambda: overview(office, now=now), seconds=sites.seconds, min_calls=5),
        against=lambda: timed(lambda: naive.dashboard(now), seconds=0, min_calls=1),
    )


@case(unit="ms", bar=1.5, at_most=True)
def dashboard_growth(sites: Sites) -> Iterator[Pair]:
    """The dashboard costs the same with a hundred times as many bags and scans.

    Compared with itself, uncached, on the small site.
    """
    now = timezone.now()

    def measure(bags: int) -> float:
        with on(site.name(bags)):
            office = office_user()
            return timed(lambda: overview(office, now=now), seconds=sites.seconds, min_calls=5)

    yield Pair(
        ours=lambda: measure(sites.full),
        against=lambda: measure(sites.small),
        notes=[f"{sites.middle:,} bags: {measure(sites.middle):.3g} ms"],
    )


@case(unit="ms", bar=20)
def naive_drf_first(sites: Sites) -> Iterator[Pair]:
    """The first page of bags, uncached.

    Compared with a plain ModelViewSet with PageNumberPagination over the same table, same columns.
    """
    yield _pages(sites, page=1)


@case(unit="ms", bar=500)
def naive_drf_far(sites: Sites) -> Iterator[Pair]:
    """Page 30,000 of bags, uncached.

    Compared with the same page of a plain ModelViewSet with PageNumberPagination.
    """
    yield _pages(sites, page=min(FAR_PAGE, sites.full // PER_PAGE))


@case(unit="ms", bar=1.3, at_most=True)
def page_depth(sites: Sites) -> Iterator[Pair]:
    """The last page of all bags.

    Compared with the first page, by the same function.
    """
    last = Bag.objects.aggregate(last=Max("id"))["last"]
    page = partial(bags_after, office_user(), BAG_COLUMNS, limit=PER_PAGE, filters=BagFilters())
    assert len(page(after=last - PER_PAGE)) == PER_PAGE
    yield Pair(
        ours=lambda: timed(lambda: page(after=last - PER_PAGE), seconds=sites.seconds / 2),
        against=lambda: timed(lambda: page(after=None), seconds=sites.seconds / 2),
    )


def office_user() -> User:
    """Return an office user, because they can see all areas."""
    return User.objects.filter(role=Role.OFFICE).order_by("id")[0]


def _pages(sites: Sites, *, page: int) -> Pair:
    office = office_user()
    query: dict[str, Any] = {"per_page": PER_PAGE}
    if page > 1:
        before = Bag.objects.order_by("id").values_list("id", flat=True)[(page - 1) * PER_PAGE - 1]
        signed: dict[str, Any] = {"of": "bags", "scope": "all", "filters": {"order": "id"}}
        query["cursor"] = cursors.make_cursor(before, **signed)
    ours = call_view(resolve("/api/v3/bags").func, office, query)
    theirs = call_view(naive.Bags.as_view({"get": "list"}), office, {"page": page})
    assert ours()["results"][0]["code"] == theirs()["results"][0]["code"]

    def uncached() -> None:
        cache.purge("bags:*")
        ours()

    return Pair(
        ours=lambda: timed(uncached, seconds=sites.seconds),
        against=lambda: timed(theirs, seconds=sites.seconds, min_calls=1),
        notes=[f"ours from the cache: {timed(ours, seconds=sites.seconds):.3g} ms"],
    )


def call_view(view: Callable[..., Any], user: User, query: dict[str, Any]) -> Callable[[], Any]:
    """Return a function that calls a view without a server and parses its JSON."""
    make = APIRequestFactory()

    def call() -> Any:
        request = make.get("/", query, SERVER_NAME="localhost")
        force_authenticate(request, user=user)
        response = view(request)
        if hasattr(response, "render"):
            response.render()
        return orjson.loads(response.content)

    return call
