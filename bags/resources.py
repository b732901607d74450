"""JSON about batches, areas and bag types: listed, read, created, changed, and the acts."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from bags import actions, queries
from bags.codes import normalised, shown
from bags.models import Area, BagType
from bags.querysets import user_areas
from bags.serializers import (
    AreaChangeIn,
    AreaIn,
    BagTypeChangeIn,
    BagTypeIn,
    BatchChangeIn,
    BatchIn,
    BatchListIn,
    HoldIn,
    area_json,
    bag_type_json,
    batch_json,
)
from tracetrack import paging
from tracetrack.conditions import expected_versions
from tracetrack.http import ApiView, as_json, created
from tracetrack.receipts import repeatable
from tracetrack.versions import version_of


class Batches(ApiView):
    """GET, POST /api/v3/batches"""

    permissions = {"GET": "bags.view_batch", "POST": "bags.add_batch"}
    parameters = BatchListIn

    def get(self, request: Request) -> HttpResponse:
        asked = dict(self.asked)
        per_page, cursor = asked.pop("per_page"), asked.pop("cursor")
        # Every account sees the same batches.
        sealed: dict[str, Any] = {"of": "batches", "scope": "all", "filters": dict(asked)}
        at = paging.read_place(cursor, **sealed) if cursor else None
        order, filters = asked.pop("order"), queries.BatchFilters(**asked)
        page = queries.batches_walked(filters, order=order, at=at, limit=per_page)
        shown = [batch_json(batch) for batch in page.rows]
        return as_json({"results": shown, **paging.links(request, page, **sealed)})

    @repeatable
    def post(self, request: Request) -> HttpResponse:
        given = self.body(BatchIn)
        bag_type = queries.find_bag_type(given.pop("bag_type"))
        batch, new = actions.create_batch(actor=self.actor, bag_type=bag_type, **given)
        return created(_batch(self, batch.code), reverse("api-batch", args=[batch.code]), new=new)


class BatchDetail(ApiView):
    """GET, PATCH /api/v3/batches/{code}"""

    permissions = {"GET": "bags.view_batch", "PATCH": "bags.change_batch"}

    def get(self, request: Request, code: str) -> HttpResponse:
        return _batch(self, code)

    @repeatable
    def patch(self, request: Request, code: str) -> HttpResponse:
        batch = actions.change_batch(
            code=_code(code), changes=self.changes(BatchChangeIn), **_who(self)
        )
        return _batch(self, batch.code)


class Hold(ApiView):
    """POST /api/v3/batches/{code}/hold"""

    permissions = {"POST": "bags.hold_batch"}

    @repeatable
    def post(self, request: Request, code: str) -> HttpResponse:
        reason = self.body(HoldIn)["reason"]
        return _batch(self, actions.hold_batch(code=_code(code), reason=reason, **_who(self)).code)


class Release(ApiView):
    """POST /api/v3/batches/{code}/release"""

    permissions = {"POST": "bags.hold_batch"}

    @repeatable
    def post(self, request: Request, code: str) -> HttpResponse:
        self.no_body()
        return _batch(self, actions.release_batch(code=_code(code), **_who(self)).code)


class Close(ApiView):
    """POST /api/v3/batches/{code}/close"""

    permissions = {"POST": "bags.hold_batch"}

    @repeatable
    def post(self, request: Request, code: str) -> HttpResponse:
        self.no_body()
        return _batch(self, actions.close_batch(code=_code(code), **_who(self)).code)


class Areas(ApiView):
    """GET, POST /api/v3/areas"""

    permissions = {"GET": "bags.view_area", "POST": "bags.add_area"}

    def get(self, request: Request) -> HttpResponse:
        own = user_areas(self.actor)
        areas = Area.objects.order_by("code")
        return as_json({"results": [area_json(area, own) for area in areas]})

    @repeatable
    def post(self, request: Request) -> HttpResponse:
        area, new = actions.create_area(actor=self.actor, **self.body(AreaIn))
        return created(_area(self, area), reverse("api-area", args=[area.code]), new=new)


class AreaDetail(ApiView):
    """GET, PATCH /api/v3/areas/{code}"""

    permissions = {"GET": "bags.view_area", "PATCH": "bags.change_area"}

    def get(self, request: Request, code: str) -> HttpResponse:
        return _area(self, queries.find_area(code))

    @repeatable
    def patch(self, request: Request, code: str) -> HttpResponse:
        changes = self.changes(AreaChangeIn)
        return _area(self, actions.change_area(code=code, changes=changes, **_who(self)))


class BagTypes(ApiView):
    """GET, POST /api/v3/bag-types"""

    permissions = {"GET": "bags.view_bagtype", "POST": "bags.add_bagtype"}

    def get(self, request: Request) -> HttpResponse:
        types = BagType.objects.order_by("name")
        return as_json({"results": [bag_type_json(bag_type) for bag_type in types]})

    @repeatable
    def post(self, request: Request) -> HttpResponse:
        bag_type, new = actions.create_bag_type(actor=self.actor, **self.body(BagTypeIn))
        where = reverse("api-bag-type", args=[bag_type.name])
        return created(_bag_type(bag_type), where, new=new)


class BagTypeDetail(ApiView):
    """GET, PATCH /api/v3/bag-types/{name}"""

    permissions = {"GET": "bags.view_bagtype", "PATCH": "bags.change_bagtype"}

    def get(self, request: Request, name: str) -> HttpResponse:
        return _bag_type(queries.find_bag_type(name))

    @repeatable
    def patch(self, request: Request, name: str) -> HttpResponse:
        changes = self.changes(BagTypeChangeIn)
        return _bag_type(actions.change_bag_type(name=name, changes=changes, **_who(self)))


def _batch(view: ApiView, code: str) -> HttpResponse:
    batch = queries.find_batch(view.actor, code)
    contents = queries.batch_contents(view.actor, batch)
    return as_json(batch_json(batch) | {"contents": contents}, version=version_of(batch))


def _area(view: ApiView, area: Area) -> HttpResponse:
    return as_json(area_json(area, user_areas(view.actor)), version=version_of(area))


def _bag_type(bag_type: BagType) -> HttpResponse:
    return as_json(bag_type_json(bag_type), version=version_of(bag_type))


def _code(text: str) -> str:
    """The code in an address; what cannot be one names no batch."""
    return normalised(text) or shown(text)


def _who(view: ApiView) -> dict[str, Any]:
    """What every change is told: who makes it, and what it was read as."""
    return {"actor": view.actor, "expected": expected_versions(view.request._request)}
