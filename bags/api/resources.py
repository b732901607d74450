"""JSON about batches, areas and bag types: listed, read, created, changed, and the acts."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from bags import actions, queries
from bags.api.described_resources import AREA, BAG_TYPE
from bags.api.serializers import (
    AreaChangeIn,
    AreaIn,
    AreaListIn,
    AreaNarrowing,
    BagTypeChangeIn,
    BagTypeIn,
    BagTypeListIn,
    BatchChangeIn,
    BatchIn,
    BatchListIn,
    BatchNarrowing,
    HoldIn,
    area_json,
    bag_type_json,
    batch_json,
)
from bags.codes import normalised, shown
from bags.list_fields import BATCH
from bags.models import Area, BagType
from bags.querysets import user_areas
from tracetrack.api.conditional import expected_versions
from tracetrack.api.idempotency import repeatable
from tracetrack.api.list_view import ListView
from tracetrack.api.pagination import walk
from tracetrack.api.row_version import version_of
from tracetrack.api.view import ApiView, as_json, created
from tracetrack.openapi.shapes import names


class Batches(ListView):
    """GET, POST /api/v3/batches"""

    of = "batches"
    permissions = {"GET": "bags.view_batch", "POST": "bags.add_batch"}
    parameters = BatchListIn
    filterset_class = BatchNarrowing
    shows = tuple(BATCH)

    def get(self, request: Request) -> HttpResponse:
        # Every account sees the same batches.
        filters = queries.BatchFilters(**self.narrowed)
        return self.listed(partial(queries.batches_walked, filters, self.fields), dict)

    @repeatable
    def post(self, request: Request) -> HttpResponse:
        given = self.body(BatchIn)
        bag_type = queries.find_bag_type(given.pop("bag_type"))
        batch, new = actions.create_batch(actor=self.actor, bag_type=bag_type, **given)
        return created(_batch(self, batch.code), reverse("api-batch", args=[batch.code]), new=new)


class BatchDetail(ApiView):
    """GET, PATCH /api/v3/batches/{code}"""

    permissions = {"GET": "bags.view_batch", "PATCH": "bags.change_batch"}
    shows = (*BATCH, "contents")

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


class Areas(ListView):
    """GET, POST /api/v3/areas"""

    of = "areas"
    permissions = {"GET": "bags.view_area", "POST": "bags.add_area"}
    parameters = AreaListIn
    filterset_class = AreaNarrowing
    shows = names(AREA)
    count = staticmethod(queries.count_areas)

    def get(self, request: Request) -> HttpResponse:
        own = user_areas(self.actor)
        areas = Area.objects.filter(**self.narrowed)
        return self.listed(partial(walk, areas), lambda area: self.shown(area_json(area, own)))

    @repeatable
    def post(self, request: Request) -> HttpResponse:
        area, new = actions.create_area(actor=self.actor, **self.body(AreaIn))
        return created(_area(self, area), reverse("api-area", args=[area.code]), new=new)


class AreaDetail(ApiView):
    """GET, PATCH /api/v3/areas/{code}"""

    permissions = {"GET": "bags.view_area", "PATCH": "bags.change_area"}
    shows = names(AREA)

    def get(self, request: Request, code: str) -> HttpResponse:
        return _area(self, queries.find_area(code))

    @repeatable
    def patch(self, request: Request, code: str) -> HttpResponse:
        changes = self.changes(AreaChangeIn)
        return _area(self, actions.change_area(code=code, changes=changes, **_who(self)))


class BagTypes(ListView):
    """GET, POST /api/v3/bag-types"""

    of = "bag-types"
    permissions = {"GET": "bags.view_bagtype", "POST": "bags.add_bagtype"}
    parameters = BagTypeListIn
    shows = names(BAG_TYPE)
    count = staticmethod(queries.count_bag_types)

    def get(self, request: Request) -> HttpResponse:
        types = partial(walk, BagType.objects.all())
        return self.listed(types, lambda bag_type: self.shown(bag_type_json(bag_type)))

    @repeatable
    def post(self, request: Request) -> HttpResponse:
        bag_type, new = actions.create_bag_type(actor=self.actor, **self.body(BagTypeIn))
        where = reverse("api-bag-type", args=[bag_type.name])
        return created(_bag_type(self, bag_type), where, new=new)


class BagTypeDetail(ApiView):
    """GET, PATCH /api/v3/bag-types/{name}"""

    permissions = {"GET": "bags.view_bagtype", "PATCH": "bags.change_bagtype"}
    shows = names(BAG_TYPE)

    def get(self, request: Request, name: str) -> HttpResponse:
        return _bag_type(self, queries.find_bag_type(name))

    @repeatable
    def patch(self, request: Request, name: str) -> HttpResponse:
        changes = self.changes(BagTypeChangeIn)
        return _bag_type(self, actions.change_bag_type(name=name, changes=changes, **_who(self)))


def _batch(view: ApiView, code: str) -> HttpResponse:
    batch = queries.find_batch(view.actor, code)
    whole = batch_json(batch)
    if view.wants("contents"):
        whole["contents"] = queries.batch_contents(view.actor, batch)
    return as_json(view.shown(whole), version=version_of(batch))


def _area(view: ApiView, area: Area) -> HttpResponse:
    shown = view.shown(area_json(area, user_areas(view.actor)))
    return as_json(shown, version=version_of(area))


def _bag_type(view: ApiView, bag_type: BagType) -> HttpResponse:
    return as_json(view.shown(bag_type_json(bag_type)), version=version_of(bag_type))


def _code(text: str) -> str:
    """The code in an address; what cannot be one names no batch."""
    return normalised(text) or shown(text)


def _who(view: ApiView) -> dict[str, Any]:
    """What every change is told: who makes it, and what it was read as."""
    return {"actor": view.actor, "expected": expected_versions(view.request._request)}
