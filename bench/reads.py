"""Reads that must not notice how large the site is: the dashboard, a page of bags."""

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
from bags.filters import BagFilters
from bags.models import Bag
from bags.queries import bags_after
from bench import plain, site
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
    """Nothing is counted when it is asked for: all numbers of the dashboard, with nothing cached.

    Against the same numbers counted over the same tables, query by query.
    """
    office, now = reader(), timezone.now()
    seen, counted = overview(office, now=now)["stats"], plain.dashboard(now)
    assert all(seen[part] == counted[part] for part in seen), (seen, counted)
    yield Pair(
        ours=lambda: timed(lambda: overview(office, now=now), seconds=sites.seconds, least=5),
        against=lambda: timed(lambda: plain.dashboard(now), seconds=0, least=1),
    )


@case(unit="ms", bar=1.5, at_most=True)
def dashboard_growth(sites: Sites) -> Iterator[Pair]:
    """The dashboard costs the same on a hundred times as many bags and scans.

    Against itself, uncached, on the small site.
    """
    now = timezone.now()

    def there(bags: int) -> float:
        with on(site.name(bags)):
            office = reader()
            return timed(lambda: overview(office, now=now), seconds=sites.seconds, least=5)

    yield Pair(
        ours=lambda: there(sites.full),
        against=lambda: there(sites.small),
        notes=[f"{sites.middle:,} bags: {there(sites.middle):.3g} ms"],
    )


@case(unit="ms", bar=20)
def naive_drf_first(sites: Sites) -> Iterator[Pair]:
    """A page of bags costs a page, not a count: the first page of the endpoint, nothing cached.

    Against a plain ModelViewSet with PageNumberPagination over the same table, same columns.
    """
    yield _pages(sites, page=1)


@case(unit="ms", bar=500)
def naive_drf_far(sites: Sites) -> Iterator[Pair]:
    """A page far in costs the same as the first: page 30,000 of the endpoint, nothing cached.

    Against the same page of a plain ModelViewSet with PageNumberPagination.
    """
    yield _pages(sites, page=min(FAR_PAGE, sites.full // PER_PAGE))


@case(unit="ms", bar=1.3, at_most=True)
def page_depth(sites: Sites) -> Iterator[Pair]:
    """The last page of all bags costs what the first one costs.

    Against the first page, by the same function.
    """
    last = Bag.objects.aggregate(last=Max("id"))["last"]
    page = partial(bags_after, reader(), limit=PER_PAGE, filters=BagFilters())
    assert len(page(after=last - PER_PAGE)) == PER_PAGE
    yield Pair(
        ours=lambda: timed(lambda: page(after=last - PER_PAGE), seconds=sites.seconds / 2),
        against=lambda: timed(lambda: page(after=None), seconds=sites.seconds / 2),
    )


def reader() -> User:
    """Somebody of the office, who sees everything."""
    return User.objects.filter(role=Role.OFFICE).order_by("id")[0]


def _pages(sites: Sites, *, page: int) -> Pair:
    office = reader()
    asked: dict[str, Any] = {"per_page": PER_PAGE}
    if page > 1:
        before = Bag.objects.order_by("id").values_list("id", flat=True)[(page - 1) * PER_PAGE - 1]
        sealed: dict[str, Any] = {"of": "bags", "scope": "all", "filters": {"order": "id"}}
        asked["cursor"] = cursors.make_cursor(before, **sealed)
    ours = answer(resolve("/api/v3/bags").func, office, asked)
    theirs = answer(plain.Bags.as_view({"get": "list"}), office, {"page": page})
    assert ours()["results"][0]["code"] == theirs()["results"][0]["code"]

    def fresh() -> None:
        cache.purge("bags:*")
        ours()

    return Pair(
        ours=lambda: timed(fresh, seconds=sites.seconds),
        against=lambda: timed(theirs, seconds=sites.seconds, least=1),
        notes=[f"ours from the cache: {timed(ours, seconds=sites.seconds):.3g} ms"],
    )


def answer(view: Callable[..., Any], user: User, asked: dict[str, Any]) -> Callable[[], Any]:
    """What a view answers, without a server in between; read as JSON."""
    make = APIRequestFactory()

    def ask() -> Any:
        request = make.get("/", asked, SERVER_NAME="localhost")
        force_authenticate(request, user=user)
        response = view(request)
        if hasattr(response, "render"):
            response.render()
        return orjson.loads(response.content)

    return ask
