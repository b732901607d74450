"""JSON about batches, areas and bag types: listed, read, created, changed, and the acts."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from bags import actions, queries
from bags.api.described_resources import AREA, BAG_TYPE
from bags.api.serializers import AreaChangeIn, AreaFilterSet, AreaIn, AreaListParams, BagTypeChangeIn, BagTypeIn, BagTypeListParams, BatchChangeIn, BatchFilterSet, BatchIn, BatchListParams, HoldIn, area_json, bag_type_json, batch_json
from bags.codes import normalize_code, printable
from bags.list_fields import BATCH_FIELDS
from bags.models import Area, BagType
from bags.querysets import visible_area_ids
from tracetrack.api.conditional import expected_versions
from tracetrack.api.idempotency import idempotent
from tracetrack.api.list_view import ListView
from tracetrack.api.pagination import paginate
from tracetrack.api.row_version import version_of
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.openapi.shapes import names


class Batches(ListView):
    """GET, POST /api/v3/batches"""

    list_name = "batches"
    permissions = {"GET": "bags.view_batch", "POST": "bags.add_batch"}
    parameters = BatchListParams
    filterset_class = BatchFilterSet
    fields = tuple(BATCH_FIELDS)

    def get(self, request: Request) -> HttpResponse:
        # Every account sees the same batches.
        filters = queries.BatchFilters(**self.filters)
        return self.page(partial(queries.batch_page, filters, self.selected_fields), dict)

    @idempotent
    def post(self, request: Request) -> HttpResponse:
        given = self.body(BatchIn)
        bag_type = queries.find_bag_type(given.pop("bag_type"))
        batch, new = actions.create_batch(actor=self.actor, bag_type=bag_type, **given)
        return created_response(
            _batch(self, batch.code), reverse("api-batch", args=[batch.code]), new=new
        )


class BatchDetail(ApiView):
    """GET, PATCH /api/v3/batches/{code}"""

    permissions = {"GET": "bags.view_batch", "PATCH": "bags.change_batch"}
    fields = (*BATCH_FIELDS, "contents")

    def get(self, request: Request, code: str) -> HttpResponse:
        return _batch(self, code)

    @idempotent
    def patch(self, request: Request, code: str) -> HttpResponse:
        batch = actions.change_batch(
            code=_code(code), changes=self.changes(BatchChangeIn), **_who(self)
        )
        return _batch(self, batch.code)


class Hold(ApiView):
    """POST /api/v3/batches/{code}/hold"""

    permissions = {"POST": "bags.hold_batch"}

    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        reason = self.body(HoldIn)["reason"]
        return _batch(self, actions.hold_batch(code=_code(code), reason=reason, **_who(self)).code)


class Release(ApiView):
    """POST /api/v3/batches/{code}/release"""

    permissions = {"POST": "bags.hold_batch"}

    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        self.no_body()
        return _batch(self, actions.release_batch(code=_code(code), **_who(self)).code)


class Close(ApiView):
    """POST /api/v3/batches/{code}/close"""

    permissions = {"POST": "bags.hold_batch"}

    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        self.no_body()
        return _batch(self, actions.close_batch(code=_code(code), **_who(self)).code)


class Areas(ListView):
    """GET, POST /api/v3/areas"""

    list_name = "areas"
    permissions = {"GET": "bags.view_area", "POST": "bags.add_area"}
    parameters = AreaListParams
    filterset_class = AreaFilterSet
    fields = names(AREA)
    count = staticmethod(queries.count_areas)

    def get(self, request: Request) -> HttpResponse:
        own = visible_area_ids(self.actor)
        areas = Area.objects.filter(**self.filters)
        return self.page(
            partial(paginate, areas), lambda area: self.select_fields(area_json(area, own))
        )

    @idempotent
    def post(self, request: Request) -> HttpResponse:
        area, new = actions.create_area(actor=self.actor, **self.body(AreaIn))
        return created_response(_area(self, area), reverse("api-area", args=[area.code]), new=new)


class AreaDetail(ApiView):
    """GET, PATCH /api/v3/areas/{code}"""

    permissions = {"GET": "bags.view_area", "PATCH": "bags.change_area"}
    fields = names(AREA)

    def get(self, request: Request, code: str) -> HttpResponse:
        return _area(self, queries.find_area(code))

    @idempotent
    def patch(self, request: Request, code: str) -> HttpResponse:
        changes = self.changes(AreaChangeIn)
        return _area(self, actions.change_area(code=code, changes=changes, **_who(self)))


class BagTypes(ListView):
    """GET, POST /api/v3/bag-types"""

    list_name = "bag-types"
    permissions = {"GET": "bags.view_bagtype", "POST": "bags.add_bagtype"}
    parameters = BagTypeListParams
    fields = names(BAG_TYPE)
    count = staticmethod(queries.count_bag_types)

    def get(self, request: Request) -> HttpResponse:
        types = partial(paginate, BagType.objects.all())
        return self.page(types, lambda bag_type: self.select_fields(bag_type_json(bag_type)))

    @idempotent
    def post(self, request: Request) -> HttpResponse:
        bag_type, new = actions.create_bag_type(actor=self.actor, **self.body(BagTypeIn))
        where = reverse("api-bag-type", args=[bag_type.name])
        return created_response(_bag_type(self, bag_type), where, new=new)


class BagTypeDetail(ApiView):
    """GET, PATCH /api/v3/bag-types/{name}"""

    permissions = {"GET": "bags.view_bagtype", "PATCH": "bags.change_bagtype"}
    fields = names(BAG_TYPE)

    def get(self, request: Request, name: str) -> HttpResponse:
        return _bag_type(self, queries.find_bag_type(name))

    @idempotent
    def patch(self, request: Request, name: str) -> HttpResponse:
        changes = self.changes(BagTypeChangeIn)
        return _bag_type(self, actions.change_bag_type(name=name, changes=changes, **_who(self)))


def _batch(view: ApiView, code: str) -> HttpResponse:
    batch = queries.find_batch(view.actor, code)
    whole = batch_json(batch)
    if view.includes("contents"):
        whole["contents"] = queries.batch_contents(view.actor, batch)
    return json_response(view.select_fields(whole), version=version_of(batch))


def _area(view: ApiView, area: Area) -> HttpResponse:
    shown = view.select_fields(area_json(area, visible_area_ids(view.actor)))
    return json_response(shown, version=version_of(area))


def _bag_type(view: ApiView, bag_type: BagType) -> HttpResponse:
    return json_response(view.select_fields(bag_type_json(bag_type)), version=version_of(bag_type))


def _code(text: str) -> str:
    """The code in an address; what cannot be one names no batch."""
    return normalize_code(text) or printable(text)


def _who(view: ApiView) -> dict[str, Any]:
    """What every change is told: who makes it, and what it was read as."""
    return {"actor": view.actor, "expected": expected_versions(view.request._request)}
