"""Endpoints of batches, areas and bag types."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.idempotency import idempotent
from bags import actions, queries
from bags.api.serializers import (
    BATCH_COLUMNS,
    AreaChangeIn,
    AreaFilterSet,
    AreaIn,
    AreaListParams,
    AreaSerializer,
    BagTypeChangeIn,
    BagTypeIn,
    BagTypeListParams,
    BagTypeSerializer,
    BatchChangeIn,
    BatchFilterSet,
    BatchIn,
    BatchListParams,
    BatchSerializer,
    BatchWithContentsSerializer,
    HoldIn,
)
from bags.codes import normalize_code, printable
from bags.errors import (
    AreaExists,
    AreaUnknown,
    BadCode,
    BagTypeExists,
    BagTypeUnknown,
    BatchExists,
    BatchExpiresEarly,
    BatchUnknown,
    ReasonMissing,
)
from bags.models import Area, BagType
from bags.querysets import visible_area_ids
from tracetrack.api.conditional import expected_versions
from tracetrack.api.list_view import ListView
from tracetrack.api.pagination import paginate
from tracetrack.api.params import field_names
from tracetrack.api.row_version import version_of
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.errors.problem import BadCursor, Changed
from tracetrack.openapi.annotations import links_to, path_parameter, raises

BATCH_CODE = path_parameter("code", str, "The code of the batch.", "LOT-1")
AREA_CODE = path_parameter("code", str, "The code of the area.", "lucknow")
BAG_TYPE_NAME = path_parameter("name", str, "The name of the bag type.", "mustard")


@extend_schema(tags=["batches"])
class Batches(ListView):
    """GET, POST /api/v3/batches"""

    list_name = "batches"
    permissions = {"GET": "bags.view_batch", "POST": "bags.add_batch"}
    parameters = BatchListParams
    filterset_class = BatchFilterSet
    fields = tuple(BATCH_COLUMNS)

    @extend_schema(summary="List batches", responses=BatchSerializer(many=True))
    @raises(BadCursor)
    @links_to("batches/{code}", code="results/0/code")
    def get(self, request: Request) -> HttpResponse:
        # Every account sees the same batches.
        filters = queries.BatchFilters(**self.filters)
        columns = self.select_fields(BATCH_COLUMNS)
        return self.page(partial(queries.batch_page, filters, columns), dict)

    @extend_schema(
        summary="Create a batch",
        description="201: the batch was created. 200: it existed already, with the same content.",
        request=BatchIn,
        responses={201: BatchWithContentsSerializer, 200: BatchWithContentsSerializer},
    )
    @raises(BadCode, BagTypeUnknown, BatchExists, BatchExpiresEarly)
    @links_to("batches/{code}", code="code")
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        given = self.body(BatchIn)
        bag_type = queries.find_bag_type(given.pop("bag_type"))
        batch, new = actions.create_batch(actor=self.actor, bag_type=bag_type, **given)
        return created_response(
            _batch(self, batch.code), reverse("api:batch", args=[batch.code]), new=new
        )


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class BatchDetail(ApiView):
    """GET, PATCH /api/v3/batches/{code}"""

    permissions = {"GET": "bags.view_batch", "PATCH": "bags.change_batch"}
    fields = field_names(BatchWithContentsSerializer)

    @extend_schema(summary="Return one batch", responses=BatchWithContentsSerializer)
    @raises(BatchUnknown, BadCode)
    def get(self, request: Request, code: str) -> HttpResponse:
        return _batch(self, code)

    @extend_schema(
        summary="Change a batch", request=BatchChangeIn, responses=BatchWithContentsSerializer
    )
    @raises(BatchUnknown, Changed, BatchExpiresEarly)
    @idempotent
    def patch(self, request: Request, code: str) -> HttpResponse:
        batch = actions.change_batch(
            code=_code(code), changes=self.changes(BatchChangeIn), **_who(self)
        )
        return _batch(self, batch.code)


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class Hold(ApiView):
    """POST /api/v3/batches/{code}/hold"""

    permissions = {"POST": "bags.hold_batch"}

    @extend_schema(
        summary="Put a batch on hold", request=HoldIn, responses=BatchWithContentsSerializer
    )
    @raises(BatchUnknown, Changed, ReasonMissing)
    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        reason = self.body(HoldIn)["reason"]
        return _batch(self, actions.hold_batch(code=_code(code), reason=reason, **_who(self)).code)


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class Release(ApiView):
    """POST /api/v3/batches/{code}/release"""

    permissions = {"POST": "bags.hold_batch"}

    @extend_schema(
        summary="Release a batch from its hold",
        request=None,
        responses=BatchWithContentsSerializer,
    )
    @raises(BatchUnknown, Changed)
    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        self.no_body()
        return _batch(self, actions.release_batch(code=_code(code), **_who(self)).code)


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class Close(ApiView):
    """POST /api/v3/batches/{code}/close"""

    permissions = {"POST": "bags.hold_batch"}

    @extend_schema(
        summary="Close a batch for good", request=None, responses=BatchWithContentsSerializer
    )
    @raises(BatchUnknown, Changed)
    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        self.no_body()
        return _batch(self, actions.close_batch(code=_code(code), **_who(self)).code)


@extend_schema(tags=["reference"])
class Areas(ListView):
    """GET, POST /api/v3/areas"""

    list_name = "areas"
    permissions = {"GET": "bags.view_area", "POST": "bags.add_area"}
    parameters = AreaListParams
    filterset_class = AreaFilterSet
    fields = field_names(AreaSerializer)
    count = staticmethod(queries.count_areas)

    @extend_schema(summary="List areas", responses=AreaSerializer(many=True))
    @raises(BadCursor)
    @links_to("areas/{code}", code="results/0/code")
    def get(self, request: Request) -> HttpResponse:
        serializer = _area_serializer(self)
        areas = partial(paginate, Area.objects.filter(**self.filters))
        return self.page(areas, lambda area: self.select_fields(serializer.to_representation(area)))

    @extend_schema(
        summary="Create an area",
        request=AreaIn,
        responses={201: AreaSerializer, 200: AreaSerializer},
    )
    @raises(AreaExists)
    @links_to("areas/{code}", code="code")
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        area, new = actions.create_area(actor=self.actor, **self.body(AreaIn))
        return created_response(_area(self, area), reverse("api:area", args=[area.code]), new=new)


@extend_schema(tags=["reference"], parameters=[AREA_CODE])
class AreaDetail(ApiView):
    """GET, PATCH /api/v3/areas/{code}"""

    permissions = {"GET": "bags.view_area", "PATCH": "bags.change_area"}
    fields = field_names(AreaSerializer)

    @extend_schema(summary="Return one area", responses=AreaSerializer)
    @raises(AreaUnknown)
    def get(self, request: Request, code: str) -> HttpResponse:
        return _area(self, queries.find_area(code))

    @extend_schema(
        summary="Change an area",
        request=AreaChangeIn,
        responses=AreaSerializer,
    )
    @raises(AreaUnknown, Changed)
    @idempotent
    def patch(self, request: Request, code: str) -> HttpResponse:
        changes = self.changes(AreaChangeIn)
        return _area(self, actions.change_area(code=code, changes=changes, **_who(self)))


@extend_schema(tags=["reference"])
class BagTypes(ListView):
    """GET, POST /api/v3/bag-types"""

    list_name = "bag-types"
    permissions = {"GET": "bags.view_bagtype", "POST": "bags.add_bagtype"}
    parameters = BagTypeListParams
    fields = field_names(BagTypeSerializer)
    count = staticmethod(queries.count_bag_types)

    @extend_schema(summary="List bag types", responses=BagTypeSerializer(many=True))
    @raises(BadCursor)
    @links_to("bag-types/{name}", name="results/0/name")
    def get(self, request: Request) -> HttpResponse:
        types = partial(paginate, BagType.objects.all())
        return self.page(
            types, lambda bag_type: self.select_fields(BagTypeSerializer(bag_type).data)
        )

    @extend_schema(
        summary="Create a bag type",
        request=BagTypeIn,
        responses={201: BagTypeSerializer, 200: BagTypeSerializer},
    )
    @raises(BagTypeExists)
    @links_to("bag-types/{name}", name="name")
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        bag_type, new = actions.create_bag_type(actor=self.actor, **self.body(BagTypeIn))
        where = reverse("api:bag-type", args=[bag_type.name])
        return created_response(_bag_type(self, bag_type), where, new=new)


@extend_schema(tags=["reference"], parameters=[BAG_TYPE_NAME])
class BagTypeDetail(ApiView):
    """GET, PATCH /api/v3/bag-types/{name}"""

    permissions = {"GET": "bags.view_bagtype", "PATCH": "bags.change_bagtype"}
    fields = field_names(BagTypeSerializer)

    @extend_schema(summary="Return one bag type", responses=BagTypeSerializer)
    @raises(BagTypeUnknown)
    def get(self, request: Request, name: str) -> HttpResponse:
        return _bag_type(self, queries.find_bag_type(name))

    @extend_schema(
        summary="Change a bag type",
        description="The change applies to bags that are registered from now on.",
        request=BagTypeChangeIn,
        responses=BagTypeSerializer,
    )
    @raises(BagTypeUnknown, Changed)
    @idempotent
    def patch(self, request: Request, name: str) -> HttpResponse:
        changes = self.changes(BagTypeChangeIn)
        return _bag_type(self, actions.change_bag_type(name=name, changes=changes, **_who(self)))


def _batch(view: ApiView, code: str) -> HttpResponse:
    batch = queries.find_batch(view.actor, code)
    row = dict(BatchSerializer(batch).data)
    if view.includes("contents"):
        row["contents"] = queries.batch_contents(view.actor, batch)
    return json_response(view.select_fields(row), version=version_of(batch))


def _area(view: ApiView, area: Area) -> HttpResponse:
    row = _area_serializer(view).to_representation(area)
    return json_response(view.select_fields(row), version=version_of(area))


def _area_serializer(view: ApiView) -> AreaSerializer:
    return AreaSerializer(context={"visible_area_ids": visible_area_ids(view.actor)})


def _bag_type(view: ApiView, bag_type: BagType) -> HttpResponse:
    row = BagTypeSerializer(bag_type).data
    return json_response(view.select_fields(row), version=version_of(bag_type))


def _code(text: str) -> str:
    """The code in an address; what cannot be one names no batch."""
    return normalize_code(text) or printable(text)


def _who(view: ApiView) -> dict[str, Any]:
    """What every change is told: who makes it, and what it was read as."""
    return {"actor": view.actor, "expected": expected_versions(view.request._request)}
